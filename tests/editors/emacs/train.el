;;; train.el --- Training without a person  -*- lexical-binding: t; -*-
;;; Code:

(require 'common)
(load "lsp-mode-autoloads" nil t)
(require 'fimble)

(setq fimble-options '(("disabled_paths" . ["main.py"]) ("comments" . nil) ("max_line_tokens" . 20)))

(defvar test-folder (expand-file-name "it's \"mine\"; $(touch sprung)" test-project))
(make-directory test-folder)
(write-region "def add(a, b):\n    return a + b\n" nil (expand-file-name "main.py" test-folder))

(defun test-trained (&rest arguments)
  "What is said when the model is trained with ARGUMENTS."
  (with-current-buffer (fimble-train test-folder arguments)
    (test-wait "the end" (lambda () (not (comint-check-proc (current-buffer)))))
    (test-wait "its last words" (lambda () (string-search "exited abnormally" (test-text))))
    (prog1 (test-text)
      (kill-buffer))))

(test-tell "variables" (apply #'vector (fimble--variables)))
(test-tell "trained" (test-trained "--dry-run"))
(test-tell "refused" (test-trained "--minuets" "1"))
(setq fimble-options `(("disabled_paths" . ["a" ,(concat "b" path-separator "c")])))
(test-tell "divided" (condition-case err (fimble--variables) (user-error (error-message-string err))))

(provide 'train)
;;; train.el ends here
