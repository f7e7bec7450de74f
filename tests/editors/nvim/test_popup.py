"""Neovim 0.11, which shows no ghost text: suggestions come into its popup, below those of another server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.nvim.neovim import Neovim, running
from tests.editors.nvim.scripted_server import LABELS

OTHER = Path(__file__).with_name("scripted_server.py")
START = "names = []\nfor number in range(10):\n    names"


@pytest.fixture(scope="module")
def shared(old_nvim_path: Path, serve: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    with running(
        old_nvim_path, tmp_path_factory.mktemp("old"), serve, keymaps=True, options={"eagerness": 100}
    ) as neovim:
        neovim.lua(
            """
            vim.opt.completeopt = { 'menuone', 'noselect', 'popup' }
            vim.lsp.config('other', { cmd = ... })
            vim.lsp.enable('other')
            vim.api.nvim_create_autocmd('LspAttach', { callback = function(event)
              local client = vim.lsp.get_client_by_id(event.data.client_id)
              if client.name == 'other' then
                vim.lsp.completion.enable(true, client.id, event.buf, { autotrigger = true })
              end
            end })
            """,
            [sys.executable, str(OTHER)],
        )
        neovim.open("x = 1\n")
        neovim.wait_until_ready()
        yield neovim


@pytest.fixture
def old(shared: Neovim) -> Neovim:
    shared.escape()
    shared.nvim.command("silent! %bwipeout!")
    shared.forget_told()
    return shared


def entries(neovim: Neovim) -> list[dict[str, Any]]:
    """What is in the popup, and whose it is."""
    found = neovim.lua(
        """
        return vim.tbl_map(function(item)
          local id = vim.tbl_get(item, 'user_data', 'nvim', 'lsp', 'client_id')
          return { word = item.word, label = item.abbr, server = id and vim.lsp.get_client_by_id(id).name or '' }
        end, vim.fn.complete_info({ 'items' }).items)
        """
    )
    return list(found)


def both(neovim: Neovim) -> list[dict[str, Any]]:
    """The entries, once both servers have some."""
    found = entries(neovim)
    return found if {"other", "fimble"} <= {entry["server"] for entry in found} else []


def begin(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.wait(lambda: neovim.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 2, "both servers are here")
    neovim.at_end()


def test_a_point_brings_up_both_and_the_other_server_comes_first(old: Neovim) -> None:
    begin(old)
    old.type(".")
    servers = [entry["server"] for entry in old.wait(lambda: both(old), "entries of both")]
    assert servers[: len(LABELS)] == ["other"] * len(LABELS)
    assert set(servers[len(LABELS) :]) == {"fimble"}


def test_an_entry_is_accepted(old: Neovim) -> None:
    begin(old)
    old.type(".")
    found = old.wait(lambda: both(old), "entries of both")
    place = next(index for index, entry in enumerate(found) if entry["server"] == "fimble")
    old.type("<C-n>" * (place + 1) + "<C-y>")
    old.wait(lambda: not old.nvim.eval("pumvisible()"), "accepted")
    old.wait(lambda: len(old.text) > len(START) + 1, "it is there")
    assert old.text.startswith(START + ".")


def test_it_is_asked_for_and_can_be_switched_off(old: Neovim) -> None:
    begin(old)
    old.nvim.command("Fimble buffer")
    old.type(".")
    old.wait(lambda: [entry["server"] for entry in entries(old)] == ["other"] * len(LABELS), "the other's alone")
    old.escape()
    old.nvim.command("Fimble buffer")
    old.at_end()
    old.type("<M-\\>")
    old.wait(lambda: both(old), "asked for with a key")


def test_tab_is_tab(old: Neovim) -> None:
    old.open("")
    old.nvim.command("setlocal noexpandtab")
    old.type("i<Tab>x")
    old.wait(lambda: old.line == "\tx", "a tab")


def test_health_says_that_there_is_no_ghost_text(old: Neovim) -> None:
    old.open("x = 1\n")
    old.nvim.command("checkhealth fimble")
    old.wait(lambda: "Keys ~" in old.text, "the report")
    assert "shows no ghost text: suggestions go into the completion popup" in old.text
    assert "Neovim 0.12 or later shows ghost text." in old.text
    assert "ERROR" not in old.text
    old.nvim.command("bwipeout!")
