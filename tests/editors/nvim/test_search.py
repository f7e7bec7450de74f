"""Searching the project from Neovim: a list to choose from, the quickfix list, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.nvim.neovim import Neovim, running

FILES = {
    "up.py": '"""Uploads."""\n\n\ndef send_again(path):\n    """Try the upload again after a failure."""\n',
    "other.py": "def unrelated():\n    return 1\n",
    "notes.md": "# Words\n\nNothing to see.\n",
}


@pytest.fixture(scope="module")
def searching(nvim_path: Path, serve: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    """A Neovim in a project whose index is made."""
    with running(nvim_path, tmp_path_factory.mktemp("search"), serve) as neovim:
        (neovim.project / ".git").mkdir()
        for name, text in FILES.items():
            (neovim.project / name).write_text(text)
        neovim.open("x = 1\n", "main.py")
        neovim.wait_until_ready()
        log = "return require('fimble.log').lines()"
        neovim.wait(lambda: "words can be searched" in " ".join(neovim.lua(log)), "the index is made")
        yield neovim


@pytest.fixture
def neovim(searching: Neovim) -> Neovim:
    searching.escape()
    searching.nvim.command("silent! cclose")
    searching.nvim.command(f"edit {searching.project / 'main.py'}")
    searching.forget_told()
    return searching


def quickfix(neovim: Neovim) -> list[list[Any]]:
    """Of each entry its file, line and text."""
    found = "return vim.tbl_map(function(i) return {vim.fs.basename(vim.fn.bufname(i.bufnr)), i.lnum, i.text} end, "
    return list(neovim.lua(found + "vim.fn.getqflist())"))


def test_a_question_fills_the_quickfix_list(neovim: Neovim) -> None:
    neovim.nvim.command("FimbleSearch! where is an upload tried again after a failure")
    neovim.wait(lambda: neovim.nvim.eval("&buftype") == "quickfix", "the list is open")
    first = quickfix(neovim)[0]
    assert first == ["up.py", 4, "send_again: def send_again(path):"]
    assert neovim.lua("return vim.fn.getqflist({ title = 0 }).title").startswith("fimble: where is an upload")


def test_a_place_is_chosen(neovim: Neovim) -> None:
    neovim.lua("vim.ui.select = function(items, o, go) _G.shown = o.format_item(items[1]); go(items[1]) end")
    neovim.nvim.command("FimbleSearch sendAgain")
    neovim.wait(lambda: neovim.nvim.eval("expand('%:t')") == "up.py", "it is open")
    assert neovim.cursor == (4, 0)
    assert neovim.lua("return _G.shown") == "send_again  up.py:4  (the initials of its name)"
    neovim.type("<C-o>")
    neovim.wait(lambda: neovim.nvim.eval("expand('%:t')") == "main.py", "one comes back")


def test_the_query_is_asked_for(neovim: Neovim) -> None:
    neovim.lua("vim.ui.input = function(o, go) _G.asked = o.prompt; go('unrelated') end")
    neovim.lua("vim.ui.select = function(items, o, go) _G.shown = o.format_item(items[1]) end")
    neovim.lua("require('fimble').search()")
    neovim.wait(lambda: "unrelated  other.py:1" in (neovim.lua("return _G.shown") or ""), "a list")
    assert neovim.lua("return _G.asked") == "fimble: search for "


def test_nothing_found_is_said(neovim: Neovim) -> None:
    neovim.nvim.command("FimbleSearch xyzzy_nowhere_qwerty")
    neovim.wait_until_told('nothing was found for "xyzzy_nowhere_qwerty"')


def test_names_are_found_the_way_of_neovim(neovim: Neovim) -> None:
    neovim.nvim.command("lua vim.lsp.buf.workspace_symbol('send')")
    neovim.wait(lambda: any("send_again" in item[2] for item in quickfix(neovim)), "the symbol")
    neovim.wait(lambda: neovim.nvim.eval("&buftype") == "quickfix", "the list is open, and has the cursor")


def test_a_saved_file_is_found(neovim: Neovim) -> None:
    neovim.open("def fresh_as_morning():\n    pass\n", "fresh.py")
    neovim.nvim.command("write")

    def found() -> bool:
        neovim.nvim.command("cclose")
        neovim.nvim.command("lua vim.lsp.buf.workspace_symbol('fresh_as')")
        return any("fresh_as_morning" in item[2] for item in quickfix(neovim))

    neovim.wait(found, "it is in the index")


def test_without_a_server_it_says_so(nvim_path: Path, tmp_path: Path) -> None:
    with running(nvim_path, tmp_path, ["fimble-that-is-not-there", "serve", "--stdio"]) as neovim:
        neovim.nvim.command("FimbleSearch anything")
        neovim.wait_until_told("fimble does not run")
