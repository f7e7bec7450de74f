"""Configuration for editors, with the command of this very installation filled in."""

from __future__ import annotations

import json
from collections.abc import Sequence

_NEOVIM = """\
-- init.lua, Neovim 0.12 or later
vim.lsp.config('fimble', {{ cmd = {{ {words} }}, root_markers = {{ '.git' }} }})
vim.lsp.enable('fimble')
vim.lsp.inline_completion.enable()
vim.keymap.set('i', '<Tab>', function()
  if not vim.lsp.inline_completion.get() then return '<Tab>' end
end, {{ expr = true, desc = 'Accept the suggestion' }})"""

_VSCODE = """\
// VS Code starts a language server through an extension. Give a generic LSP client this command,
// and these settings, without which VS Code drops answers that take over 750 ms.
{{
  "command": {program},
  "args": {arguments},
  "editor.inlineSuggest.enabled": true,
  "editor.quickSuggestions": {{ "other": "on", "comments": "off", "strings": "off" }}
}}"""

_EMACS = """\
;; init.el, lsp-mode 10
(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client :new-connection (lsp-stdio-connection '({words}))
                    :activation-fn (lambda (&rest _) t)
                    :add-on? t
                    :server-id 'fimble)))
(add-hook 'prog-mode-hook #'lsp-deferred)
(add-hook 'lsp-after-open-hook #'lsp-inline-completion-mode)"""

_HELIX = """\
# languages.toml; Helix has no inline completion yet, so it starts the server and shows nothing of it
[language-server.fimble]
command = {program}
args = {arguments}

[[language]]
name = "python"
language-servers = ["fimble"]"""


def snippets(command: Sequence[str]) -> dict[str, str]:
    """Editor -> what to put into its configuration, to start ``command`` as a language server."""
    # A path in JSON's quotes is a string of Lua, TOML and Emacs Lisp as well.
    words = [json.dumps(word, ensure_ascii=False) for word in (*command, "serve", "--stdio")]
    program, arguments = words[0], f"[{', '.join(words[1:])}]"
    return {
        "Neovim": _NEOVIM.format(words=", ".join(words)),
        "VS Code": _VSCODE.format(program=program, arguments=arguments),
        "Emacs": _EMACS.format(words=" ".join(words)),
        "Helix": _HELIX.format(program=program, arguments=arguments),
    }
