;;; common.el --- What the scripts of these tests share  -*- lexical-binding: t; -*-
;;; Code:

(require 'cl-lib)
(require 'json)

(setq native-comp-jit-compilation nil
      native-comp-enable-subr-trampolines nil
      make-backup-files nil
      auto-save-default nil
      create-lockfiles nil
      python-indent-guess-indent-offset nil)

(defvar test-patience-s (string-to-number (or (getenv "FIMBLE_TEST_PATIENCE_S") "60")))
(defvar test-project (file-name-as-directory (getenv "FIMBLE_TEST_PROJECT")))

(defun test-wait (what condition)
  "What CONDITION returns once that is true; WHAT is the word of an error."
  (let ((until (+ (float-time) test-patience-s)) found)
    (while (not (setq found (funcall condition)))
      (when (> (float-time) until)
        (error "Waited in vain: %s" what))
      (accept-process-output nil 0.02))
    found))

(defun test-open (name text)
  "A new file NAME with TEXT; point at its end."
  (let ((path (expand-file-name name test-project)))
    (with-temp-file path (insert text))
    (find-file path)
    (goto-char (point-max))))

(defun test-tell (name value)
  "Hand VALUE to the test."
  (princ (concat "told " (json-encode (list (cons name value))) "\n")))

(defun test-text ()
  "The buffer."
  (buffer-substring-no-properties (point-min) (point-max)))

(provide 'common)
;;; common.el ends here
