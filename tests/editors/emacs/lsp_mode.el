;;; lsp_mode.el --- lsp-mode without a person  -*- lexical-binding: t; -*-
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
      lsp-inline-completion-enable nil ; without idle time nothing comes by itself
      fimble-options '(("eagerness" . 100)))

(test-open "adds.py" "def add(first, second):\n    return ")
(lsp)
(test-wait "ready" (lambda () (equal fimble-status " fimble:ready")))

;; A suggestion is shown, and accepted.
(test-wait "a suggestion"
           (lambda ()
             (lsp-inline-completion-display)
             (lsp-inline-completion--active-p)))
(let ((overlay lsp-inline-completion--overlay))
  (test-tell "ghost" (substring-no-properties
                      (concat (overlay-get overlay 'display) (overlay-get overlay 'after-string)))))
(lsp-inline-completion-accept)
(test-tell "accepted" (test-text))
(test-tell "cursor" (- (point-max) (point)))
(lsp-inline-completion-cancel)

;; Word by word.
(test-open "words.py" "def multiply(first, second):\n    return ")
(lsp)
(test-wait "a suggestion" (lambda () (lsp-inline-completion-display) (lsp-inline-completion--active-p)))
(fimble-accept-word)
(test-tell "word" (test-text))
(test-tell "rest" (and (lsp-inline-completion--active-p) t))
(fimble-accept-line)
(test-tell "line" (test-text))
(lsp-inline-completion-cancel)

;; Settings change while the server runs.
(test-open "off.py" "def divide(first, second):\n    return ")
(lsp)
(fimble-toggle)
(test-wait "it is off" (lambda () (equal fimble-status " fimble:off")))
(lsp-inline-completion-display)
(test-tell "suggested while off" (and (lsp-inline-completion--active-p) t))
(let (said)
  (cl-letf (((symbol-function 'message) (lambda (&rest words) (setq said (apply #'format words)))))
    (fimble-why))
  (test-tell "why" said))
(fimble-toggle)
(test-wait "it is on" (lambda () (equal fimble-status " fimble:ready")))

;; Code actions: lsp-mode's own command, then the one that does not wait.
(defun test-choose (part)
  "Choose the entry that has PART."
  (lambda (actions) (seq-find (lambda (action) (string-match-p part (lsp:code-action-title action))) actions)))

(dolist (way '(("own" . lsp-execute-code-action) ("act" . fimble-act)))
  (test-open (format "%s.py" (car way))
             "def is_even(number):\n    \"\"\"Return whether the number is even.\"\"\"\n    pass\n")
  (lsp)
  (search-backward "pass")
  (cl-letf (((symbol-function 'lsp--select-action) (test-choose "Implement")))
    (call-interactively (cdr way)))
  (test-wait "the body" (lambda () (not (string-match-p "pass" (test-text)))))
  (test-tell (car way) (test-text)))

;; One that is cancelled.
(test-open "cancelled.py" "def is_odd(number):\n    \"\"\"Return whether the number is odd.\"\"\"\n    pass\n")
(lsp)
(search-backward "pass")
(let ((before (test-text)))
  (cl-letf (((symbol-function 'lsp--select-action) (test-choose "Implement")))
    (fimble-act))
  (test-wait "it writes" (lambda () (equal fimble-status " fimble:writing")))
  (fimble-cancel)
  (test-wait "it stopped" (lambda () (equal fimble-status " fimble:ready")))
  (test-tell "unchanged" (equal before (test-text))))

(test-tell "server" (lsp--workspace-status (car (fimble--workspaces (lsp-workspaces)))))
(let ((lsp-restart 'ignore))
  (mapc #'lsp-workspace-shutdown (lsp-workspaces)))
;;; lsp_mode.el ends here
