"""``:FimbleTrain``: the command at work in a terminal, for the buffer's project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.nvim.neovim import Neovim, running


@pytest.fixture(scope="module")
def training(nvim_path: Path, serve: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    """Whose options keep ``main.py`` private."""
    folder = tmp_path_factory.mktemp("train")
    with running(nvim_path, folder, serve, disabled_paths=["main.py"], options={"comments": False}) as neovim:
        neovim.project = neovim.project / 'it\'s "mine"; $(touch sprung)'
        (neovim.project / ".git").mkdir(parents=True)
        (neovim.project / "main.py").write_text("def add(a, b):\n    return a + b\n")
        neovim.nvim.command(f"edit {neovim.nvim.funcs.fnameescape(str(neovim.project / 'main.py'))}")
        neovim.nvim.command("autocmd TermClose * lua _G.ended = vim.v.event.status")
        yield neovim


def terminal(neovim: Neovim) -> str:
    """What the terminal shows, however its lines are divided."""
    return "".join(neovim.text.split())


def ended_with(neovim: Neovim) -> int:
    """The exit code of what ran in the terminal."""
    neovim.wait(lambda: neovim.lua("return _G.ended ~= nil"), "it has ended")
    return int(neovim.lua("local code = _G.ended; _G.ended = nil; return code"))


def test_it_runs_in_a_terminal_and_learns_nothing_private(training: Neovim) -> None:
    training.nvim.command("FimbleTrain --dry-run")
    assert training.nvim.eval("&buftype") == "terminal"
    assert "fimble train" in training.nvim.eval("bufname()")
    training.wait(lambda: "1xtheprivacyruleskeepitprivate" in terminal(training), "the command's own words")
    assert f"fimble:{''.join(str(training.project).split())}has0filesofcode" in terminal(training)
    assert ended_with(training) == 1
    assert "privacyrules" in terminal(training), "its words stay"
    assert not list(training.folder.rglob("sprung"))
    training.nvim.command("bwipeout!")
    assert training.nvim.eval("bufname()").endswith("main.py")


def test_wrong_arguments_are_the_commands_to_refuse(training: Neovim) -> None:
    training.lua("require('fimble').train({ '--minuets', '1' })")
    training.wait(lambda: "--minuets" in terminal(training) and "Nosuchoption" in terminal(training), "it says so")
    assert ended_with(training) == 2
    training.nvim.command("bwipeout!")


def test_a_program_that_is_not_there(nvim_path: Path, tmp_path: Path) -> None:
    with running(nvim_path, tmp_path, ["fimble-that-is-not-there", "serve", "--stdio"]) as neovim:
        neovim.nvim.command("FimbleTrain")
        neovim.wait_until_told("was not found")
        assert neovim.nvim.eval("&buftype") == ""


def test_a_pattern_that_cannot_be_told_is_not_left_out(nvim_path: Path, serve: list[str], tmp_path: Path) -> None:
    with running(nvim_path, tmp_path, serve, disabled_paths=["a:b"]) as neovim:
        neovim.nvim.command("FimbleTrain")
        neovim.wait_until_told('disabled_paths has "a:b"')
        assert neovim.nvim.eval("&buftype") == ""
