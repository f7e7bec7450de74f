;;; search.el --- Searching without a person  -*- lexical-binding: t; -*-
;;; Code:

(require 'common)
(load "lsp-mode-autoloads" nil t)
(require 'fimble)

(setq lsp-session-file (expand-file-name "session" test-project)
      lsp-auto-guess-root t
      lsp-guess-root-without-session t
      lsp-client-packages nil
      lsp-enable-snippet nil
      lsp-enable-file-watchers nil
      lsp-inline-completion-enable nil)

(write-region "import time\n\n\ndef send_again(path):\n    \"\"\"Try the transfer once more.\"\"\"\n" nil
              (expand-file-name "up.py" test-project))
(test-open "main.py" "x = 1\n")
(lsp)
(test-wait "ready" (lambda () (equal fimble-status " fimble:ready")))

(defun test-found (query)
  "What a search for QUERY lists."
  (let (shown)
    (cl-letf (((symbol-function 'xref-show-xrefs) (lambda (fetch _) (setq shown (funcall fetch)))))
      (fimble-search query))
    (mapcar (lambda (one)
              (let ((place (xref-item-location one)))
                (format "%s:%d %s"
                        (file-name-nondirectory (xref-location-group place))
                        (xref-location-line place)
                        (xref-item-summary one))))
            shown)))

(test-wait "the index" (lambda () (test-found "where is a transfer tried once more")))
(test-tell "found" (apply #'vector (test-found "where is a transfer tried once more")))
(test-tell "nothing" (length (test-found "xyzzyqwerty")))

(provide 'search)
;;; search.el ends here
