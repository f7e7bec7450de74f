"""A server that ends by itself comes back, and one that does so always is left alone, with a word."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fimble.daemon.address import address_of
from fimble.daemon.locking import holder_of
from tests.editors.nvim.neovim import Neovim, running

START = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return"


@pytest.fixture
def own(nvim_path: Path, serve: list[str], tmp_path: Path) -> Iterator[Neovim]:
    """With a server that says hello only when there is a file ``go``, so that there is time to type before."""
    command = ["sh", "-c", 'until test -e "$0"; do sleep 0.1; done; exec "$@"', str(tmp_path / "go"), *serve]
    with running(nvim_path, tmp_path, command) as neovim:
        yield neovim


def test_a_server_that_was_killed_is_back_and_suggests(own: Neovim) -> None:
    own.open(START)
    own.at_end()
    own.type(" ")
    assert own.statusline == ""
    (own.folder / "go").touch()
    own.wait_for_ghost("a")  # typed before there was a server, and shown without another key
    own.escape()
    (first,) = own.server_pids
    os.kill(first, signal.SIGKILL)
    own.wait_until_told("the server ended unexpectedly and is started again")
    own.wait(lambda: own.server_pids and own.server_pids != [first], "another one")
    own.wait_until_ready()
    own.at_end()
    own.type("a")
    own.wait_for_ghost()
    own.escape()
    own.nvim.command("Fimble restart")
    own.wait(lambda: own.statusline != "fimble: ready", "it ends")
    own.wait_until_ready()
    assert sum("ended unexpectedly" in line for line in own.told) == 1


def test_the_daemon_behind_the_server_is_killed_and_neovim_does_not_notice(own: Neovim) -> None:
    (own.folder / "go").touch()
    own.open(START)
    own.wait_until_ready()
    servers = own.server_pids
    lock = address_of(own.folder / "fimble").life_lock
    daemon = holder_of(lock)
    os.kill(daemon, signal.SIGKILL)
    own.wait_until_told("the engine ended unexpectedly and is started again")
    own.wait(lambda: holder_of(lock) not in (0, daemon), "another daemon")
    own.wait_until_ready()
    own.at_end()
    own.type(" ")
    own.wait_for_ghost("a")
    assert own.server_pids == servers
    assert sum("ended unexpectedly" in line for line in own.told) == 1


def test_a_server_that_always_ends_is_left_alone(nvim_path: Path, tmp_path: Path) -> None:
    program = tmp_path / "crashes"
    program.write_text("#!/bin/sh\nread -r line\necho 'no luck' >&2\nexit 3\n")
    program.chmod(0o755)
    with running(nvim_path, tmp_path / "nvim", [str(program)]) as neovim:
        neovim.lua("require('fimble.restarts').set_wait(20)")
        neovim.open(START)
        told = neovim.wait_until_told("is not started again")
        assert ":Fimble log" in told
        assert ":Fimble restart" in told
        assert neovim.statusline == "fimble: stopped"
        assert sum("ended unexpectedly" in line for line in neovim.told) == 1
        neovim.nvim.command("Fimble log")
        assert "the server ended with code 3" in neovim.text
        assert neovim.folder.name in neovim.text, "where its stderr is"


def test_it_ends_with_neovim(nvim_path: Path, serve: list[str], tmp_path: Path) -> None:
    with running(nvim_path, tmp_path, serve) as neovim:
        neovim.open(START)
        neovim.wait_until_ready()
        (pid,) = neovim.server_pids
    neovim_is_gone = Path(f"/proc/{pid}")
    for _ in range(600):
        if not neovim_is_gone.exists():
            return
        os.sched_yield()
        signal.sigtimedwait([], 0.1)
    pytest.fail("the server outlives Neovim")
