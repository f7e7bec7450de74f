"""Code actions with Neovim's own means, and the real model's work shown as progress."""

from __future__ import annotations

from tests.editors.nvim.neovim import Neovim

STUB = 'def is_even(number):\n    """Return whether the number is even."""\n    pass\n'
LONG = (
    "def parse_arguments(text):\n"
    '    """Split a command line into words as a shell does: quotes, escapes, comments, and errors for faults."""\n'
    "    pass\n"
)

_PROGRESS = """
_G.progress = {}
if _G.watches then return end
_G.watches = true
vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)
  table.insert(_G.progress, { event.data.params.token, event.data.params.value })
end })
"""
_ACT = """
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action) return action.kind == 'refactor.rewrite.fimble.implement' end,
})
"""


def progress(neovim: Neovim) -> list[tuple[object, dict[str, object]]]:
    return [(token, value) for token, value in neovim.lua("return _G.progress")]


def begin(neovim: Neovim, text: str) -> None:
    neovim.open(text)
    neovim.lua(_PROGRESS)
    neovim.nvim.current.window.cursor = (3, 6)
    neovim.lua(_ACT)


def test_implement_is_written_into_the_file_and_shows_its_progress(neovim: Neovim) -> None:
    begin(neovim, STUB)
    neovim.wait(lambda: "return number % 2 == 0" in neovim.text, "the body")
    assert "pass" not in neovim.text
    kinds = [value["kind"] for _, value in progress(neovim)]
    assert kinds[0] == "begin"
    neovim.wait(lambda: [value["kind"] for _, value in progress(neovim)][-1] == "end", "the end of the work")


def test_it_is_cancelled_and_nothing_changes(neovim: Neovim) -> None:
    begin(neovim, LONG)
    neovim.wait(lambda: len(progress(neovim)) > 1, "it writes")
    token, _ = progress(neovim)[0]
    neovim.lua(
        "vim.lsp.get_clients({ name = 'fimble' })[1]:notify('window/workDoneProgress/cancel', { token = ... })", token
    )
    neovim.wait(lambda: [value["kind"] for _, value in progress(neovim)][-1] == "end", "the end of the work")
    assert neovim.text == LONG.removesuffix("\n")


def test_the_keys_that_neovim_has_for_it(neovim: Neovim) -> None:
    """``gra`` asks which, with ``vim.ui.select``."""
    neovim.open(STUB)
    neovim.lua(
        """
        _G.offered = {}
        vim.ui.select = function(items, options, choose)
          _G.offered = vim.tbl_map(options.format_item, items)
        end
        """
    )
    neovim.nvim.current.window.cursor = (3, 6)
    neovim.type("gra")
    offered = neovim.wait(lambda: neovim.lua("return _G.offered"), "the list")
    assert any("mplement" in title for title in offered), offered
