;;; fimble-eglot.el --- Local code completion through eglot  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "30.1"))
;; Keywords: convenience, languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; eglot is part of Emacs and shows no ghost text: suggestions are entries of its completion, and larger work is
;; among `eglot-code-actions'.  Load this file, or copy what you need of it.

;;; Code:

(require 'eglot)

;; eglot runs one server a buffer: name only modes for which you want no other.
(add-to-list 'eglot-server-programs
             '((python-mode python-ts-mode) . ("fimble" "serve" "--stdio")))

;; Options.  After a change: M-x eglot-signal-didChangeConfiguration.
(setq-default eglot-workspace-configuration
              (plist-put (default-value 'eglot-workspace-configuration)
                         :fimble '(:eagerness 70)))

;; Emacs waits for a code action, C-g stops it.  Ten seconds are too few for a long function.
(setq jsonrpc-default-request-timeout 60)

(provide 'fimble-eglot)
;;; fimble-eglot.el ends here
