"""The real model behind a second of delay: an answer to a text that has moved on is never drawn, nor accepted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.nvim.neovim import Neovim, running

SERVER = Path(__file__).parents[1] / "delayed_server.py"
START = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return"


@pytest.fixture(scope="module")
def slow(nvim_path: Path, fimble_command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    command = ["env", f"PYTHONPATH={SERVER.parents[2]}", sys.executable, str(SERVER), "--delay-ms", "1000"]
    with running(nvim_path, tmp_path_factory.mktemp("slow"), command, keymaps=True) as neovim:
        neovim.open("x = 1\n")
        neovim.wait_until_ready()
        yield neovim


def wait_until_asked(neovim: Neovim, num_requests: int) -> None:
    neovim.wait(lambda: num_asked(neovim) >= num_requests, "a request is on its way")


def num_asked(neovim: Neovim) -> int:
    return int(neovim.lua("return _G.num_asked or 0"))


def count_requests(neovim: Neovim) -> None:
    neovim.lua(
        """
        _G.num_asked, _G.num_answered = 0, 0
        if _G.counts then return end
        _G.counts = true
        vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
          local request = event.data.request
          if request.method == 'textDocument/inlineCompletion' then
            _G.num_asked = _G.num_asked + (request.type == 'pending' and 1 or 0)
            _G.num_answered = _G.num_answered + (request.type == 'complete' and 1 or 0)
          end
        end })
        """
    )


def test_a_late_answer_is_not_drawn_where_the_text_has_moved_on(slow: Neovim) -> None:
    slow.open(START)
    count_requests(slow)
    slow.at_end()
    slow.type(" ")
    wait_until_asked(slow, 1)
    slow.type("x")
    slow.wait(lambda: slow.line.endswith("x"), "typed")
    slow.wait(lambda: slow.lua("return _G.num_answered") >= 1, "the late answer is there")
    assert slow.ghost == ""
    slow.type("<Tab>y")
    slow.wait(lambda: slow.line.endswith("y"), "typed")
    assert slow.line.replace(" ", "") == "returnxy"


def test_what_is_typed_while_the_answer_is_on_its_way_is_left_out_of_it(slow: Neovim) -> None:
    slow.open(START)
    slow.at_end()
    slow.type(" ")
    ghost = slow.wait_for_ghost()
    slow.type(ghost[:2])
    slow.wait(lambda: slow.ghost == ghost[2:], "the rest")
    slow.type("<Tab>")
    slow.wait(lambda: slow.text == START + " " + ghost, "nothing twice")


def test_leaving_insert_mode_forgets_what_is_on_its_way(slow: Neovim) -> None:
    slow.open(START)
    count_requests(slow)
    slow.at_end()
    slow.type(" ")
    wait_until_asked(slow, 1)
    slow.escape()
    slow.wait(lambda: slow.lua("return _G.num_answered") >= 1, "the request has ended")
    assert slow.ghost == ""
    slow.type("A")
    slow.wait_for_ghost("a")
