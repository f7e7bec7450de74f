"""From nothing to the first suggestion in VS Code: the extension brings its server, and says what it lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import NOTHING, Open, OwnVSCode, have_uv, window, write
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


@pytest.fixture(scope="module")
def windows(
    context: BrowserContext, bare_vscode: CodeServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Window, Window, Window]]:
    """Three windows of a person who has nothing installed, and is asked in each; the tests on them are in order."""
    folder = tmp_path_factory.mktemp("windows")
    with ExitStack() as stack:
        files = [write(folder, ADD, f"{name}.py") for name in ("first", "second", "waiting")]
        first, second, waiting = [stack.enter_context(window(context, bare_vscode, folder, file)) for file in files]
        for each in (first, second, waiting):
            each.wait_message("have to be fetched, once")
            each.wait_status_bar("fimble: set up")
        yield first, second, waiting


def test_a_window_that_closes_leaves_no_half_of_an_environment(
    windows: tuple[Window, Window, Window], bare_vscode: CodeServer, open_file: Open
) -> None:
    first, *_ = windows
    closing = open_file(bare_vscode, ADD)
    agree(closing)
    closing.wait_message("installing the server")
    assert environments(bare_vscode)
    closing.page.close()
    first.until(lambda: environments(bare_vscode) == [], "nothing is left")


def test_setting_up_can_be_cancelled(windows: tuple[Window, Window, Window], bare_vscode: CodeServer) -> None:
    first, *_ = windows
    agree(first)
    first.answer("fimble: setting up", "Cancel")
    first.until(lambda: first.status == "fimble: set up", "back to where it was")
    first.until(lambda: environments(bare_vscode) == [], "nothing is left")


def test_one_click_and_no_terminal(
    windows: tuple[Window, Window, Window], bare_vscode: CodeServer, tools: Path, default_model: str
) -> None:
    first, second, waiting = windows
    agree(second)
    second.wait_message("fimble: setting up")
    first.command("fimble: Set Up")
    for each in (first, second):
        each.wait_ready(SET_UP_PATIENCE_S)
        suggests(each)
    waiting.wait_ready()  # it has done nothing but see that others were done
    (environment,) = environments(bare_vscode)
    assert (environment / "complete").exists()
    for metadata in environment.glob("env/lib/*/site-packages/fimble-*"):
        metadata.rename(metadata.with_name("gone"))
    have_uv(tools)  # until now venv and pip have made it
    waiting.command("fimble: Restart Server")
    made = "env/lib/*/site-packages/fimble-*"
    waiting.until(lambda: list(environment.glob(made)), "it is made anew", SET_UP_PATIENCE_S)
    waiting.wait_ready(SET_UP_PATIENCE_S)
    suggests(waiting)


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


def test_a_server_that_runs_goes_on_when_setting_up_is_cancelled(open_here: Open) -> None:
    window = open_here(ADD)
    window.command("fimble: Set Up")
    window.answer("fimble: setting up", "Cancel")
    window.wait_ready()
    suggests(window)
