;;; fimble.el --- Local code completion through lsp-mode  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (lsp-mode "10.0.0"))
;; Keywords: convenience, languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Suggestions of a local model at point while you type, beside the language's own
;; server, and larger work as code actions:
;;
;;   (add-to-list 'load-path "~/src/fimble/editors/emacs")
;;   (require 'fimble)
;;   (add-hook 'prog-mode-hook #'lsp-deferred)
;;
;; While a suggestion is shown: TAB takes all of it, M-<right> its next word,
;; C-M-<right> its line; C-n and C-p show others, C-g hides it.
;; `fimble-search' finds places of the project by what they do, or by name.
;; `fimble-train' teaches the model the project.

;;; Code:

(require 'lsp-mode)
(require 'lsp-inline-completion)
(require 'comint)
(require 'xref)

(defgroup fimble nil
  "Local code completion."
  :group 'lsp-mode
  :prefix "fimble-")

(defun fimble--command ()
  "What is on the path, else what `make setup' made in the checkout of this file."
  (let* ((here (file-truename (or load-file-name buffer-file-name default-directory)))
         (ours (expand-file-name "../../.venv/bin/fimble" (file-name-directory here))))
    (list (cond ((executable-find "fimble"))
                ((file-executable-p ours) ours)
                ("fimble"))
          "serve" "--stdio")))

(defcustom fimble-command (fimble--command)
  "The command that starts the server."
  :type '(repeat string))

(defcustom fimble-delay 0.1
  "Seconds of quiet before a suggestion is asked for, beside `lsp-idle-delay'."
  :type 'number)

(defcustom fimble-options nil
  "Options of the server, name and value; a list is written as a vector.
For example ((\"eagerness\" . 70) (\"comments\" . nil)).
After a change while the server runs, call `fimble-apply-options'."
  :type '(alist :key-type string :value-type sexp))

(defvar fimble-status ""
  "How the server is, for the mode line.")
(put 'fimble-status 'risky-local-variable t) ; or its tooltip would be taken away

(defun fimble--workspaces (workspaces)
  "Those of WORKSPACES that are fimble's."
  (seq-filter (lambda (workspace)
                (eq (lsp--client-server-id (lsp--workspace-client workspace)) 'fimble))
              workspaces))

;;; Settings

(defun fimble--register-options ()
  "Hand `fimble-options' to `lsp-mode', which the server asks for them."
  (dolist (path (hash-table-keys lsp-client-settings))
    (when (string-prefix-p "fimble." path)
      (remhash path lsp-client-settings)))
  (lsp-register-custom-settings
   (mapcar (pcase-lambda (`(,name . ,value))
             (list (concat "fimble." name)
                   (if (consp value) (vconcat value) value)
                   (booleanp value)))
           fimble-options)))

(defun fimble--initial-options ()
  "What the server begins with, and what a change of settings replaces."
  (fimble--register-options)
  `((settings . ,(gethash "fimble" (lsp-configuration-section "fimble") (make-hash-table)))))

(defun fimble-apply-options ()
  "Tell the running server of changed `fimble-options'."
  (interactive)
  (fimble--register-options)
  (let ((settings (lsp-configuration-section "fimble")))
    (unless (gethash "fimble" settings)
      (puthash "fimble" (make-hash-table) settings))
    (with-lsp-workspaces (fimble--workspaces (lsp--session-workspaces (lsp-session)))
      (lsp--set-configuration settings))))

(defun fimble-toggle ()
  "Switch suggestions on or off; code actions work all the same."
  (interactive)
  (let ((is-on (alist-get "enabled" fimble-options t nil #'equal)))
    (setf (alist-get "enabled" fimble-options nil nil #'equal) (not is-on))
    (lsp-inline-completion-cancel)
    (fimble-apply-options)
    (message "fimble: suggestions are %s" (if is-on "off" "on"))))

;;; Suggestions

(defun fimble--item ()
  "The suggestion that is shown."
  (when (lsp-inline-completion--active-p)
    (elt lsp-inline-completion--items lsp-inline-completion--current)))

(defun fimble--tell (method item &rest params)
  "Send METHOD about ITEM, with PARAMS, to fimble, if it counts the item."
  (when-let* ((command (lsp:inline-completion-item-command? item))
              ((equal (lsp:command-command command) "fimble.accepted")))
    (with-lsp-workspaces (fimble--workspaces (lsp-workspaces))
      (lsp-notify method (append (list :item item) params)))))

(defun fimble--shown ()
  "Tell the server what came on the screen."
  (when-let* ((item (fimble--item)))
    (fimble--tell "textDocument/didShowCompletion" item)))

(defun fimble--position (place)
  "PLACE of the buffer as the protocol has it."
  (save-excursion
    (goto-char place)
    (lsp-make-position :line (1- (line-number-at-pos nil t)) :character (- place (line-beginning-position)))))

(defun fimble--accept (pattern)
  "Put in as much of the suggestion as PATTERN matches, and go on showing the rest."
  (let* ((item (or (fimble--item) (user-error "There is no suggestion")))
         (text (lsp:inline-completion-item-insert-text item))
         (range (lsp:inline-completion-item-range? item))
         (here lsp-inline-completion--start-point) ; point itself may be drawn elsewhere
         (start (if range (car (lsp--range-to-region range)) here))
         (past (if range (cdr (lsp--range-to-region range)) here))
         (typed (buffer-substring-no-properties start here))
         (rest (if (string-prefix-p typed text)
                   (substring text (length typed))
                 (user-error "The suggestion does not begin with what is there")))
         (part (if (string-match pattern rest) (match-string 0 rest) rest)))
    (if (equal part rest)
        (lsp-inline-completion-accept)
      (lsp-inline-completion-cancel)
      (insert part)
      (fimble--tell "textDocument/didPartiallyAcceptCompletion" item
                    :acceptedLength
                    (/ (length (encode-coding-string (concat typed part) 'utf-16le)) 2))
      (setq lsp-inline-completion--items
            (list (lsp-make-inline-completion-item
                   :insertText text
                   :range? (lsp-make-range :start (fimble--position start)
                                           :end (fimble--position (+ past (length part))))
                   :command? (lsp:inline-completion-item-command? item)))
            lsp-inline-completion--current 0
            lsp-inline-completion--start-point (point))
      (lsp-inline-completion-show-overlay))))

(defun fimble-accept-word ()
  "Accept the suggestion's next word."
  (interactive)
  (fimble--accept "\\`[ \t\n]*\\(?:[[:alnum:]_]+\\|[^[:alnum:]_ \t\n]+\\)"))

(defun fimble-accept-line ()
  "Accept the suggestion's line; at the end of one, the next."
  (interactive)
  (fimble--accept "\\`\n?[^\n]*"))

(defun fimble-why ()
  "Say why there was a suggestion here, or none."
  (interactive)
  (let ((answer (with-lsp-workspaces (fimble--workspaces (lsp-workspaces))
                  (lsp-request "fimble/why" (list :textDocument (lsp--text-document-identifier))))))
    (message "fimble: %s"
             (cond ((null answer) "nothing was asked here yet")
                   ((eq (lsp-get answer :shown) t) "there was a suggestion")
                   (t (concat (lsp-get answer :reason)
                              (let ((detail (lsp-get answer :detail)))
                                (and detail (not (equal detail "")) (format " (%s)" detail)))))))))

;;; Search

(defun fimble--place (hit)
  "HIT of a search as an entry of an xref list."
  (let ((why (string-join (append (lsp-get hit :why) nil) ", ")))
    (xref-make (format "%s  (%s)" (lsp-get hit :name) why)
               (xref-make-file-location (lsp--uri-to-path (lsp-get hit :uri)) (lsp-get hit :snippet_line) 0))))

(defun fimble-search (query)
  "List the places of the project that answer QUERY, in plain words or a name."
  (interactive "sfimble, search code: ")
  (let* ((found (with-lsp-workspaces (or (fimble--workspaces (lsp-workspaces)) (user-error "There is no fimble here"))
                  (lsp-request "workspace/executeCommand"
                               (list :command "fimble.search"
                                     :arguments (vector (list :query query :limit 30))))))
         (hits (append (lsp-get found :hits) nil))
         (notes (string-join (append (lsp-get found :notes) nil) " ")))
    (unless (string-empty-p notes)
      (message "fimble: %s" notes))
    (if hits
        (xref-show-xrefs (lambda () (mapcar #'fimble--place hits)) nil)
      (message "fimble: nothing was found. %s" notes))))

;;; Training

(defun fimble--variables ()
  "The options as variables: what is private to the server is not learned either."
  (mapcar (pcase-lambda (`(,name . ,value))
            (when-let* (((sequencep value))
                        ((not (stringp value)))
                        (part (seq-find (lambda (part) (string-search path-separator part)) value)))
              (user-error "%s has \"%s\", which a command cannot be told; write it into a .fimbleignore file" name part))
            (format "FIMBLE_%s=%s" (upcase name)
                    (cond ((null value) "false")
                          ((eq value t) "true")
                          ((and (sequencep value) (not (stringp value)))
                           (string-join (append value nil) path-separator))
                          (t value))))
          fimble-options))

(defun fimble-train (root &optional arguments)
  "Train the model on the project in the folder ROOT, in a buffer of its own.
What it learned is kept only if it helps, and then answers at once.
\\<comint-mode-map>\\[comint-interrupt-subjob] stops it; called again, it goes on from there.
With a prefix argument, ask for ARGUMENTS of `fimble train', such as --minutes 30."
  (interactive
   (list (read-directory-name "fimble, train on: " (or (lsp-workspace-root) default-directory) nil t)
         (and current-prefix-arg (split-string-and-unquote (read-string "Arguments of fimble train: ")))))
  (let* ((root (directory-file-name (expand-file-name root)))
         (default-directory (file-name-as-directory root))
         (process-environment (append (fimble--variables) process-environment))
         (program (seq-take-while (lambda (word) (not (equal word "serve"))) fimble-command)))
    (pop-to-buffer
     (apply #'make-comint-in-buffer "fimble train" nil (car program) nil
            (append (cdr program) (list "train" root) arguments)))))

;;; Code actions

(defun fimble-act ()
  "Choose one of fimble's code actions; Emacs goes on while it is done.
`lsp-execute-code-action' has them too, but waits, and gives up after
`lsp-response-timeout'."
  (interactive)
  (with-lsp-workspaces (or (fimble--workspaces (lsp-workspaces)) (user-error "There is no fimble here"))
    (let* ((action (lsp--select-action (lsp-code-actions-at-point)))
           (command (lsp:code-action-command? action))
           (buffer (current-buffer)))
      (lsp-request-async
       (if command "workspace/executeCommand" "codeAction/resolve")
       (if command
           (list :command (lsp:command-command command) :arguments (lsp:command-arguments? command))
         action)
       (lambda (done)
         (when (and (not command) done (buffer-live-p buffer))
           (with-current-buffer buffer
             (lsp--execute-code-action done))))
       :mode 'detached
       :cancel-token 'fimble-act))))

(defun fimble-cancel ()
  "Stop the code action that is being done."
  (interactive)
  (lsp-cancel-request-by-token 'fimble-act)
  (message "fimble: cancelled"))

;;; Server

(defun fimble--changed-status (_workspace status)
  "Show STATUS in the mode line."
  (let ((word (pcase (lsp-get status :kind)
                ("Error" "error")
                ("Inactive" "off")
                (_ (cond ((not (eq (lsp-get status :busy) t)) "ready")
                         ((lsp-get status :model) "writing")
                         (t "loading"))))))
    (setq fimble-status
          (propertize (format " fimble:%s" word) 'help-echo (lsp-get status :message)))
    (force-mode-line-update t)))

(lsp-register-client
 (make-lsp-client
  :server-id 'fimble
  :new-connection (lsp-stdio-connection (lambda () fimble-command))
  :activation-fn (lambda (&rest _) t)
  :add-on? t
  :multi-root t
  :initialization-options #'fimble--initial-options
  :custom-capabilities '((experimental . ((fimble . ((status . t))))))
  :notification-handlers (lsp-ht ("didChangeStatus" #'fimble--changed-status))))

(setq lsp-inline-completion-idle-delay fimble-delay)
(add-hook 'lsp-inline-completion-shown-hook #'fimble--shown)
(add-to-list 'mode-line-misc-info '(lsp-mode fimble-status) t)

(pcase-dolist (`(,key . ,command)
               '(("TAB" . lsp-inline-completion-accept)
                 ("<tab>" . lsp-inline-completion-accept)
                 ("M-<right>" . fimble-accept-word)
                 ("C-M-<right>" . fimble-accept-line)))
  (lsp-inline-completion--define-key lsp-inline-completion-active-map (kbd key) command 'keep))

(provide 'fimble)
;;; fimble.el ends here
