"""Configuration for editors, with the command of this very installation filled in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

_NEOVIM = """\
-- init.lua, Neovim 0.11 or later; ghost text from 0.12 on. :help fimble tells the keys.
vim.opt.runtimepath:append({folder})
require('fimble').setup({{ cmd = {{ {words} }}, keymaps = true }})"""

_NEOVIM_WITHOUT_PLUGIN = """\
-- init.lua, Neovim 0.12 or later; Ctrl-L accepts. fimble's repository has a plugin that does more: editors/nvim.
vim.lsp.config('fimble', {{ cmd = {{ {words} }}, root_markers = {{ '.git' }} }})
vim.lsp.enable('fimble')
vim.lsp.inline_completion.enable()
vim.keymap.set('i', '<C-l>', function() vim.lsp.inline_completion.get() end, {{ desc = 'Accept the suggestion' }})"""

_VSCODE = """\
// Install the extension, which sets itself up:{install}
// For settings.json, where it should start this installation instead of one of its own:
{settings}"""

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

_EMACS_PACKAGE = """\
;; init.el, lsp-mode 10; Tab takes a suggestion
(add-to-list 'load-path {folder})
(setq fimble-command '({words}))
(require 'fimble)
(add-hook 'prog-mode-hook #'lsp-deferred)"""

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
;; init.el, eglot: entries in the completion popup; M-x eglot, then C-M-i asks. One server a buffer: name only modes
;; for which you want no other.
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '((python-mode python-ts-mode) . ({words}))))
(setq jsonrpc-default-request-timeout 60) ; ten seconds are too few for a long function"""

_HELIX = """\
# languages.toml: entries in the completion menu, code actions under Space a. The list replaces Helix' own: name your
# language's servers first.
[language-server.fimble]
command = {program}
args = {arguments}
timeout = 60

[[language]]
name = "python"
language-servers = ["pylsp", "fimble"]"""


def snippets(command: Sequence[str], checkout: Path | None = None) -> dict[str, str]:
    """Editor -> what to put into its configuration, to start ``command`` as a language server.

    ``checkout`` is the folder of the repository, where there is one: it has more for some editors.
    """
    # A path in JSON's quotes is a string of Lua, TOML, Emacs Lisp and mostly of the shell as well.
    words = [_quoted(word) for word in (*command, "serve", "--stdio")]
    program, arguments = words[0], f"[{', '.join(words[1:])}]"
    found = {"VS Code": _vscode(command, checkout)}
    if checkout is not None:
        plugin, package = (_quoted(str(checkout / "editors" / name)) for name in ("nvim", "emacs"))
        found["Neovim"] = _NEOVIM.format(folder=plugin, words=", ".join(words))
        found["Emacs"] = _EMACS_PACKAGE.format(folder=package, words=" ".join(words))
    else:
        found["Neovim"] = _NEOVIM_WITHOUT_PLUGIN.format(words=", ".join(words))
        found["Neovim 0.11"] = _NEOVIM_11.format(words=", ".join(words))
        found["Emacs"] = _EMACS.format(words=" ".join(words))
    found["Emacs with eglot"] = _EGLOT.format(words=" ".join(words))
    found["Helix"] = _HELIX.format(program=program, arguments=arguments)
    return found


def checkout() -> Path | None:
    """The repository that this very code lies in; ``None`` where it was installed as a package."""
    folder = Path(__file__).resolve().parents[3]
    return folder if (folder / "editors" / "nvim" / "plugin").is_dir() else None


def _vscode(command: Sequence[str], checkout: Path | None) -> str:
    """The setting holds one program: an installation that takes several words to start cannot be named there."""
    where = str(checkout / "vscode-client" / "fimble.vsix") if checkout is not None else "fimble.vsix"
    made = " make vsix, then" if checkout is not None else ""
    settings = {"fimble.server.path": command[0]} if len(command) == 1 else {}
    return _VSCODE.format(
        install=f"{made} code --install-extension {_quoted(where)}",
        settings=json.dumps(settings, ensure_ascii=False, indent=2),
    )


def _quoted(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)
