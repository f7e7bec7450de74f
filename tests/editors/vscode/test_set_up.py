"""From nothing to the first suggestion in VS Code: the extension brings its server, and says what it lacks."""

from __future__ import annotations

import os
from pathlib import Path

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import NOTHING, Open, OwnVSCode, have_uv
from tests.editors.vscode.test_ghost_text import ADD
from tests.editors.vscode.window import SET_UP_PATIENCE_S, Window


def agree(window: Window) -> None:
    window.answer("have to be fetched, once", "Set Up")


def suggests(window: Window) -> None:
    window.end()
    window.type("return")
    window.until_after(lambda: window.press("Backspace", "n"), lambda: "a - b" in window.ghost, "ghost text")


def environments(server: CodeServer) -> list[Path]:
    """The folders of the extension's own environments."""
    root = server.folder / "user/User/globalStorage/fimble.fimble/server"
    return [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []


def test_one_click_and_no_terminal(bare_vscode: CodeServer, open_file: Open, tools: Path, default_model: str) -> None:
    server = bare_vscode
    first, second = open_file(server, ADD), open_file(server, ADD, "other.py")
    waiting = open_file(server, ADD, "waiting.py")
    for window in (second, waiting):
        window.wait_message("have to be fetched, once")
    second.until(lambda: first.status == second.status == "fimble: set up", "neither is set up")
    agree(first)
    first.wait_message("fimble: setting up")
    agree(second)
    for window in (first, second):
        window.wait_ready(SET_UP_PATIENCE_S)
        suggests(window)
    waiting.wait_ready()  # it has done nothing but see that others were done
    (environment,) = environments(server)
    assert (environment / "complete").exists()
    for metadata in environment.glob("env/lib/*/site-packages/fimble-*"):
        metadata.rename(metadata.with_name("gone"))
    have_uv(tools)  # until now venv and pip have made it
    third = open_file(server, ADD, "third.py")
    third.wait_ready(SET_UP_PATIENCE_S)
    assert list(environment.glob("env/lib/*/site-packages/fimble-*")), "it was made anew"


def test_no_python_and_one_that_is_too_old(own_vscode: OwnVSCode, open_file: Open, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    window = open_file(own_vscode(NOTHING, {"PATH": str(programs)}), ADD)
    agree(window)
    message = window.wait_message("No Python was found. Install it")
    old = programs / "python3"
    found = '{"executable": "/usr/bin/python3", "version": [3, 9, 2], "makesVenvs": true, "fimble": null}'
    old.write_text(f"#!/bin/sh\necho '{found}'\n")
    old.chmod(0o755)
    message.get_by_role("button", name="Try Again").click()
    message = window.wait_message("fimble needs Python 3.11 or later; found: 3.9.2 (/usr/bin/python3)")
    assert "Install it, or name one in the setting fimble.server.python" in message.inner_text()
    message.get_by_role("button", name="Get Python").wait_for()


def test_no_network(own_vscode: OwnVSCode, open_file: Open) -> None:
    nowhere = "http://127.0.0.1:9/simple"
    own = {"PIP_FIND_LINKS": "", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    environ = {"PIP_INDEX_URL": nowhere, "UV_DEFAULT_INDEX": nowhere, **own}
    server: CodeServer = own_vscode(NOTHING, environ)
    window = open_file(server, ADD)
    agree(window)
    message = window.wait_message("The packages that the server needs cannot be downloaded")
    assert "Check the connection" in message.inner_text()
    assert environments(server) == [], "no half of an environment is left"


def test_setting_up_can_be_cancelled(own_vscode: OwnVSCode, open_file: Open) -> None:
    server: CodeServer = own_vscode(NOTHING)
    window = open_file(server, ADD)
    agree(window)
    window.answer("fimble: setting up", "Cancel")
    window.until(lambda: window.status == "fimble: set up", "back to where it was")
    window.until(lambda: environments(server) == [], "nothing is left")


def test_a_server_that_runs_goes_on_when_setting_up_is_cancelled(own_vscode: OwnVSCode, open_file: Open) -> None:
    window = open_file(own_vscode({}), ADD)
    window.wait_ready()
    window.command("fimble: Set Up")
    window.answer("fimble: setting up", "Cancel")
    window.wait_ready()


def test_a_window_that_closes_leaves_no_half_of_an_environment(own_vscode: OwnVSCode, open_file: Open) -> None:
    server: CodeServer = own_vscode(NOTHING)
    first, second = open_file(server, ADD), open_file(server, ADD, "other.py")
    second.wait_message("have to be fetched, once")  # later it would set up on its own, as one agreed already
    agree(first)
    first.wait_message("installing the server")
    first.page.close()
    second.until(lambda: environments(server) == [], "nothing is left")


def test_nothing_of_an_untrusted_folder_is_run(own_vscode: OwnVSCode, open_file: Open, tmp_path: Path) -> None:
    mark = tmp_path / "sprung"
    python = tmp_path / "project/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {mark}\n")
    python.chmod(0o755)
    window = open_file(own_vscode(NOTHING, trust=False), ADD)
    dialog = window.page.get_by_role("button", name="No, I don't trust the authors")
    dialog.or_(window.page.locator(".notification-list-item")).first.wait_for()
    if dialog.is_visible():
        dialog.click()
    window.wait_message("have to be fetched, once")
    window.page.locator(".statusbar-item", has_text="Restricted Mode").wait_for()
    assert not mark.exists()
    window.command("Notifications: Clear All Notifications")
    window.until(lambda: not window.messages, "no notifications")
    window.command("fimble: Restart Server")
    window.wait_message("have to be fetched, once")  # said again to who asks
    assert not mark.exists()
    window.command("Workspaces: Manage Workspace Trust")
    window.page.locator(".workspace-trust-editor").get_by_role("button", name="Trust", exact=True).click()
    window.until(mark.exists, "what comes with a trusted folder is run")
