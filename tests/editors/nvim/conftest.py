"""Neovim with the plugin: one with the real model that most tests share, and the executables for the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.conftest import installed
from tests.editors.nvim.neovim import Neovim, running
from tests.editors.programs import neovim as programs


@pytest.fixture(scope="session")
def nvim_path() -> Path:
    """Neovim 0.12 or later."""
    return installed(programs.neovim)


@pytest.fixture(scope="session")
def old_nvim_path() -> Path:
    """Neovim 0.11."""
    return installed(programs.neovim_with_popup_only)


@pytest.fixture(scope="session")
def serve(fimble_command: list[str]) -> list[str]:
    """What starts the server under test, with the real model."""
    return [*fimble_command, "serve", "--stdio"]


@pytest.fixture(scope="session")
def shared_neovim(nvim_path: Path, serve: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    with running(nvim_path, tmp_path_factory.mktemp("nvim"), serve, keymaps=True) as neovim:
        neovim.open("x = 1\n")
        neovim.wait_until_ready()
        yield neovim


@pytest.fixture
def neovim(shared_neovim: Neovim) -> Iterator[Neovim]:
    """The shared Neovim with all as it was at first; open files of your own."""
    shared_neovim.escape()
    shared_neovim.lua("require('fimble.switches').reset(); require('fimble').enable()")
    shared_neovim.nvim.command("silent! %bwipeout!")
    shared_neovim.forget_told()
    yield shared_neovim
    shared_neovim.escape()
