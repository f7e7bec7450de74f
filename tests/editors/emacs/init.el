;;; init.el --- As a person has it, but for what asks or fetches  -*- lexical-binding: t; -*-
;;; Code:

(load "common" nil t)
(load "lsp-mode-autoloads" nil t)
(setq inhibit-startup-screen t
      lsp-auto-guess-root t
      lsp-client-packages nil ; of other servers
      lsp-enable-snippet nil
      lsp-enable-file-watchers nil
      fimble-options '(("eagerness" . 100) ("other_files"))) ; the same answers in whatever order

(require 'fimble)
(add-hook 'prog-mode-hook #'lsp-deferred)
;;; init.el ends here
