;;; eglot_mode.el --- eglot without a person  -*- lexical-binding: t; -*-
;;; Code:

(require 'common)
(require 'fimble-eglot)
(setq eglot-confirm-server-edits nil
      eglot-report-progress nil)
(setq-default eglot-workspace-configuration '(:fimble (:eagerness 100)))

(defun test-entries ()
  "What the completion popup would list."
  (pcase (run-hook-wrapped 'completion-at-point-functions #'completion--capf-wrapper 'all)
    (`(,_ ,start ,end ,table . ,rest)
     (mapcar #'substring-no-properties
             (completion-all-completions (buffer-substring start end) table
                                         (plist-get rest :predicate) (- end start))))))

(defun test-list ()
  "The entries, or nothing where the model is loading."
  (ignore-errors (test-entries)))

(test-open "adds.py" "def add(first, second):\n    return ")
(call-interactively #'eglot)
(test-tell "server" (plist-get (eglot--server-info (eglot-current-server)) :name))
(eglot-signal-didChangeConfiguration (eglot-current-server))
(test-tell "entries" (test-wait "entries" #'test-list))
(completion-at-point)
(test-tell "completed" (test-text))

;; Settings change while the server runs.
(test-open "off.py" "def multiply(first, second):\n    return ")
(eglot-ensure)
(test-wait "eglot is here" #'eglot-managed-p)
(test-tell "entries while on" (test-wait "entries" #'test-list))
(setq-default eglot-workspace-configuration '(:fimble (:enabled :json-false)))
(eglot-signal-didChangeConfiguration (eglot-current-server))
(test-tell "entries while off" (test-list))

(test-open "even.py" "def is_even(number):\n    \"\"\"Return whether the number is even.\"\"\"\n    pass\n")
(search-backward "pass")
(eglot-ensure)
(test-wait "eglot is here" #'eglot-managed-p)
(let ((actions (eglot-code-actions (point) nil nil nil)))
  (test-tell "actions" (mapcar (lambda (action) (plist-get action :title)) actions))
  (eglot-execute (eglot-current-server)
                 (seq-find (lambda (action) (string-match-p "Implement" (plist-get action :title))) actions)))
(test-wait "the body" (lambda () (not (string-match-p "pass" (test-text)))))
(test-tell "implemented" (test-text))
(eglot-shutdown (eglot-current-server))
;;; eglot_mode.el ends here
