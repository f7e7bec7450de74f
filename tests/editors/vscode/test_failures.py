"""A server that is killed, that never starts and that stops again and again, in VS Code."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from fimble.daemon.address import address_of
from fimble.daemon.locking import holder_of
from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import Starting, window, write
from tests.editors.vscode.test_ghost_text import ADD
from tests.editors.vscode.window import Window


class Failing:
    """A window whose server is exchanged for others, by the setting that names it."""

    def __init__(self, server: CodeServer, window: Window, folder: Path) -> None:
        self.server, self.window, self.folder = server, window, folder

    def begin(self, name: str) -> None:
        """A new file, and nothing said so far."""
        self.window.open(write(self.folder, ADD, f"{name}.py"))

    def serve(self, program: object) -> None:
        self.server.change({"fimble.server.path": program})

    def serve_script(self, script: str) -> None:
        program = self.window.file.with_suffix(".sh")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        self.serve(str(program))


@pytest.fixture(scope="module")
def shared(context: BrowserContext, starting: Starting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failing]:
    folder = tmp_path_factory.mktemp("failures")
    project = folder / "project"
    with starting(folder, {}) as server, window(context, server, project, write(project, "", "first.py")) as first:
        first.wait_ready()
        yield Failing(server, first, project)


@pytest.fixture
def failing(shared: Failing, tmp_path: Path) -> Failing:
    shared.begin(tmp_path.name)
    return shared


def test_a_killed_server_comes_back(failing: Failing) -> None:
    server, window = failing.server, failing.window
    (process,) = server.language_servers()
    process.kill()
    window.wait_message("fimble's server stopped by SIGKILL and is started again")
    window.until(lambda: [child for child in server.language_servers() if child.pid != process.pid], "another server")
    window.wait_ready()
    window.end()
    window.type("return")
    window.wait_ghost("a - b")


def test_a_killed_daemon_comes_back_and_its_servers_stay(failing: Failing) -> None:
    window, servers = failing.window, failing.server.language_servers()
    lock = address_of(failing.server.fimble_home).life_lock
    daemon = holder_of(lock)
    os.kill(daemon, signal.SIGKILL)
    window.wait_message("the engine ended unexpectedly and is started again. No document is lost.")
    window.until(lambda: holder_of(lock) not in (0, daemon), "another daemon")
    window.wait_ready()
    window.end()
    window.type("return")
    window.until_after(lambda: window.press("Backspace", "n"), lambda: "a - b" in window.ghost, "ghost text")
    assert failing.server.language_servers() == servers


def test_a_server_that_stops_again_and_again(failing: Failing) -> None:
    failing.serve_script("echo no such thing >&2\nexit 3")
    failing.window.wait_message("The server stops again and again, last with exit code 3: no such thing")
    (message,) = [said for said in failing.window.messages if "again and again" in said]
    assert message.count("again and again") == 1
    failing.window.end()
    failing.window.type("x")
    assert failing.window.saved() == ADD + "x"


def test_a_server_that_says_nothing_is_not_waited_for(failing: Failing, fimble_command: list[str]) -> None:
    failing.serve_script("exec sleep 1000")
    failing.window.until(lambda: failing.server.processes("1000"), "a server that says nothing")
    failing.serve(fimble_command[0])
    failing.window.wait_ready()
    assert not failing.server.processes("1000")


def test_a_server_that_closes_its_pipes_first(failing: Failing) -> None:
    failing.serve_script("exec >&-\nsleep 1\nexit 3")
    message = failing.window.wait_message("server")
    assert "stopped with exit code 3 and is started again" in message.inner_text()


def test_a_program_that_has_no_name(failing: Failing) -> None:
    failing.serve(7)
    failing.window.wait_message("fimble.server.path must be text, and is 7. Correct it in your settings.")


def test_a_model_that_cannot_be_loaded(failing: Failing) -> None:
    failing.server.change({"fimble.model": "nothing"})
    message = failing.window.wait_message("nothing")
    message.get_by_role("button", name="Set Up").wait_for()
    assert sum("nothing" in said for said in failing.window.messages) == 1, failing.window.messages
    message.get_by_role("button", name="Run fimble doctor").click()
    failing.window.until(lambda: "command" in failing.window.screen_text, "its report")
    failing.server.change({})
    failing.window.wait_ready()


def test_a_program_that_is_not_there(failing: Failing, fimble_command: list[str]) -> None:
    program = failing.window.file.with_suffix("")
    failing.serve(str(program))
    failing.window.page.reload()
    message = failing.window.wait_message("The server cannot be started (the setting fimble.server.path)")
    assert "Check the setting" in message.inner_text()
    program.symlink_to(fimble_command[0])
    failing.window.answer("The server cannot be started", "Try Again")
    failing.window.wait_ready()
    assert not list(failing.server.folder.rglob("agreed")), "nobody has agreed to a download"
