"""What the server is told of what became of its suggestions; it counts them, in a folder of the test's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.nvim.neovim import Neovim, environment_in, running

START = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return"

_WATCH = """
_G.sent = {}
local client = vim.lsp.get_clients({ name = 'fimble' })[1]
if _G.watched == client.id then return end
_G.watched = client.id
local notify, request = client.notify, client.request
client.notify = function(self, method, params)
  table.insert(_G.sent, { method, params })
  return notify(self, method, params)
end
client.request = function(self, method, params, ...)
  table.insert(_G.sent, { method, params })
  return request(self, method, params, ...)
end
"""


@pytest.fixture(scope="module")
def counting(nvim_path: Path, serve: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    command = ["env", "FIMBLE_RECORD_ACCEPTANCE=1", *serve]
    with running(nvim_path, tmp_path_factory.mktemp("counting"), command, keymaps=True) as neovim:
        neovim.open("x = 1\n")
        neovim.wait_until_ready()
        yield neovim


def sent(neovim: Neovim, method: str) -> list[dict[str, Any]]:
    return [params for name, params in neovim.lua("return _G.sent") if name == method]


def begin(neovim: Neovim) -> str:
    neovim.open(START)
    neovim.lua(_WATCH)
    neovim.at_end()
    neovim.type(" ")
    return neovim.wait_for_ghost()


def test_a_whole_acceptance_runs_the_command(counting: Neovim) -> None:
    ghost = begin(counting)
    (shown,) = sent(counting, "textDocument/didShowCompletion")
    assert shown["item"]["insertText"] == ghost
    counting.type("<Tab>")
    commands = counting.wait(lambda: sent(counting, "workspace/executeCommand"), "the command")
    assert [command["command"] for command in commands] == ["fimble.accepted"]
    assert commands[0]["arguments"] == shown["item"]["command"]["arguments"]


def test_parts_are_counted_from_the_beginning_and_the_last_one_is_all(counting: Neovim) -> None:
    ghost = begin(counting)
    counting.type("<M-Right>")
    counting.wait(lambda: counting.ghost == ghost[1:], "a word")
    counting.type(ghost[1:2])
    counting.wait(lambda: counting.ghost == ghost[2:], "typed into it")
    counting.type("<M-Right>")
    parts = counting.wait(
        lambda: len(found := sent(counting, "textDocument/didPartiallyAcceptCompletion")) == 2 and found, "two parts"
    )
    assert [part["acceptedLength"] for part in parts] == [1, 3]
    assert {part["item"]["insertText"] for part in parts} == {ghost}
    assert not sent(counting, "workspace/executeCommand")
    counting.type("<M-Right>")
    counting.wait(lambda: sent(counting, "workspace/executeCommand"), "the last word is all of it")
    assert counting.text == START + " " + ghost


def test_the_focus_is_told(counting: Neovim) -> None:
    begin(counting)
    counting.open("y = 2\n")
    uri = counting.lua("return vim.uri_from_bufnr(0)")
    counting.escape()
    counting.nvim.command("buffer #")
    counting.nvim.command("buffer #")
    assert sent(counting, "textDocument/didFocus")[-1] == {"textDocument": {"uri": uri}}


def test_the_server_has_counted_it(counting: Neovim, fimble_command: list[str]) -> None:
    ghost = begin(counting)
    counting.type("<Tab>")
    counting.wait(lambda: counting.text == START + " " + ghost, "accepted")
    counting.escape()
    counting.nvim.command("Fimble restart")  # it writes its counts when it ends

    def num_accepted() -> int:
        words = [*fimble_command, "stats", "--json"]
        environment = environment_in(counting.folder) | {"FIMBLE_RECORD_ACCEPTANCE": "1"}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
        return int(json.loads(done.stdout)["inline"]["last_7_days"]["total"]["accepted"])

    counting.wait(num_accepted, "one is counted")
