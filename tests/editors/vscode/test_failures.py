"""A server that is killed, that never starts and that stops again and again, in VS Code."""

from __future__ import annotations

from pathlib import Path

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import Open, OwnVSCode
from tests.editors.vscode.test_ghost_text import ADD


def test_a_killed_server_comes_back(own_vscode: OwnVSCode, open_file: Open) -> None:
    server: CodeServer = own_vscode({})
    window = open_file(server, ADD)
    window.wait_ready()
    (process,) = server.language_servers()
    process.kill()
    window.wait_message("fimble's server stopped by SIGKILL and is started again")
    window.until(lambda: [child for child in server.language_servers() if child.pid != process.pid], "another server")
    window.wait_ready()
    window.end()
    window.type("return")
    window.wait_ghost("a - b")


def test_a_server_that_stops_again_and_again(own_vscode: OwnVSCode, open_file: Open, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho no such thing >&2\nexit 3\n")
    program.chmod(0o755)
    window = open_file(own_vscode({"fimble.server.path": str(program)}), ADD)
    window.wait_message("The server stops again and again, last with exit code 3: no such thing")
    assert window.messages[0].count("again and again") == 1
    window.end()
    window.type("x")
    assert window.saved() == ADD + "x"


def test_a_server_that_says_nothing_is_not_waited_for(
    own_vscode: OwnVSCode, open_file: Open, tmp_path: Path, fimble_command: list[str]
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    server: CodeServer = own_vscode({"fimble.server.path": str(program)})
    window = open_file(server, ADD)
    window.until(lambda: server.processes("sleep"), "a server that says nothing")
    server.change({"fimble.server.path": fimble_command[0]})
    window.wait_ready()
    assert not server.processes("sleep")


def test_a_server_that_closes_its_pipes_first(own_vscode: OwnVSCode, open_file: Open, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec >&-\nsleep 1\nexit 3\n")
    program.chmod(0o755)
    window = open_file(own_vscode({"fimble.server.path": str(program)}), ADD)
    message = window.wait_message("server")
    assert "stopped with exit code 3 and is started again" in message.inner_text()


def test_a_program_that_has_no_name(own_vscode: OwnVSCode, open_file: Open) -> None:
    window = open_file(own_vscode({"fimble.server.path": 7}), ADD)
    window.wait_message("fimble.server.path must be text, and is 7. Correct it in your settings.")


def test_a_program_that_is_not_there(own_vscode: OwnVSCode, open_file: Open) -> None:
    server = own_vscode({"fimble.server.path": "/no/such/fimble"})
    window = open_file(server, ADD)
    message = window.wait_message("The server cannot be started (the setting fimble.server.path)")
    assert "Check the setting" in message.inner_text()


def test_texts_that_are_not_quite_text(vscode: CodeServer, open_file: Open) -> None:
    window = open_file(vscode, "# \ud800 half\r\ndef add(a, b):\n    return a + b\r\n\r\ndef subtract(a, b):\n    ")
    window.wait_ready()
    window.end()
    window.type("return")
    window.wait_ghost("a - b")
