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

_NEOVIM_11 = """\
-- init.lua, Neovim 0.11: entries in the completion popup; Ctrl-Space asks
vim.lsp.config('fimble', {{ cmd = {{ {words} }}, root_markers = {{ '.git' }} }})
vim.lsp.enable('fimble')
vim.api.nvim_create_autocmd('LspAttach', {{
  callback = function(event)
    vim.lsp.completion.enable(true, event.data.client_id, event.buf, {{ autotrigger = true }})
  end,
}})
vim.keymap.set('i', '<C-Space>', vim.lsp.completion.get)"""

_EGLOT = """\
;; init.el, eglot: entries in the completion popup; M-x eglot, then C-M-i asks
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(prog-mode . ({words}))))"""

_HELIX = """\
# languages.toml: entries in the completion popup. The list replaces Helix' own: name your language's servers first.
[language-server.fimble]
command = {program}
args = {arguments}

[[language]]
name = "python"
language-servers = ["pylsp", "fimble"]"""


def snippets(command: Sequence[str]) -> dict[str, str]:
    """Editor -> what to put into its configuration, to start ``command`` as a language server."""
    # A path in JSON's quotes is a string of Lua, TOML and Emacs Lisp as well.
    words = [json.dumps(word, ensure_ascii=False) for word in (*command, "serve", "--stdio")]
    program, arguments = words[0], f"[{', '.join(words[1:])}]"
    return {
        "Neovim": _NEOVIM.format(words=", ".join(words)),
        "VS Code": _VSCODE.format(program=program, arguments=arguments),
        "Neovim 0.11": _NEOVIM_11.format(words=", ".join(words)),
        "Emacs": _EMACS.format(words=" ".join(words)),
        "Emacs with eglot": _EGLOT.format(words=" ".join(words)),
        "Helix": _HELIX.format(program=program, arguments=arguments),
    }
