"""Status, toggles, settings and notebooks in VS Code."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import Open, OwnVSCode, write
from tests.editors.vscode.test_ghost_text import ADD
from tests.editors.vscode.window import AGAIN_AFTER_S, Window


def ask(window: Window) -> str:
    """A suggestion for a line that was not there before."""
    window.end()
    window.type("return")
    deadline_s = time.monotonic() + AGAIN_AFTER_S
    window.until(lambda: "a - b" in window.ghost or time.monotonic() > deadline_s, "a suggestion")
    if "a - b" not in window.ghost:  # the server gave it up, as it may on a busy machine: a person then asks
        window.press("Alt+\\")
    return window.wait_ghost("a - b")


def asked_in_vain(window: Window, why: str) -> None:
    """Ask, and be told why there is nothing."""
    window.end()
    window.press("Alt+\\")

    def told() -> bool:
        window.press("Alt+Shift+\\")
        window.page.wait_for_timeout(300)
        return any(why in message for message in window.messages)

    window.until(told, f"a message with {why!r}")
    assert window.ghost == ""


@pytest.fixture
def controlled(shared_window: Window, shared_folder: Path, tmp_path: Path) -> Window:
    """A window with a new file, whose settings are changed; each test leaves them as they were."""
    shared_window.open(write(shared_folder, ADD, f"{tmp_path.name}.py"))
    return shared_window


def test_off_and_on_again_for_language_and_file(controlled: Window) -> None:
    window, name = controlled, controlled.file.name
    window.command("fimble: Switch Suggestions On or Off for This Language")
    window.wait_status_bar("Suggestions are off for python.")
    asked_in_vain(window, "switched off for this language (python)")
    window.command("fimble: Switch Suggestions On or Off for This Language")
    window.wait_status_bar("Suggestions are on for python.")
    window.command("fimble: Switch Suggestions On or Off for This File")
    settings = window.file.parent / ".vscode/settings.json"
    window.wait_status_bar(f"Suggestions are off for {name}.")
    assert json.loads(settings.read_text()) == {"fimble.disabledPaths": [f"/{name}"]}
    asked_in_vain(window, "the file is one that fimble never reads")
    window.command("fimble: Switch Suggestions On or Off for This File")
    window.wait_status_bar(f"Suggestions are on for {name}.")
    assert json.loads(settings.read_text()) == {}
    ask(window)


def test_snooze_and_the_menu(controlled: Window) -> None:
    window = controlled
    window.menu("Snooze", "15 minutes")
    window.until(lambda: "asleep until" in window.status, "it sleeps")
    asked_in_vain(window, "suggestions are switched off")
    window.menu("Wake up")
    window.wait_ready()
    ask(window)


def test_a_wrong_setting_is_told_and_those_of_a_workspace_choose_no_program(
    own_vscode: OwnVSCode, open_file: Open, tmp_path: Path
) -> None:
    trap, mark = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\n")
    trap.chmod(0o755)
    names = ("server.path", "server.python", "server.home", "model")
    write(tmp_path / "project", json.dumps({f"fimble.{name}": str(trap) for name in names}), ".vscode/settings.json")
    window = open_file(own_vscode({"fimble.eagerness": "very", "fimble.disabledLanguages": ["markdown"]}), ADD)
    message = window.wait_message("eagerness")
    assert "from 0 to 100" in message.inner_text()
    window.wait_ready()
    ask(window)
    assert not mark.exists()


def test_a_notebook_cell_is_completed_after_those_above(shared_window: Window, shared_folder: Path) -> None:
    def cell(text: str) -> dict[str, object]:
        return {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}

    cells = [cell("def subtract_numbers(first, second):\n    return first - second"), cell("difference = ")]
    book = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    window = shared_window
    window.open(write(shared_folder, json.dumps(book), "book.ipynb"))
    window.page.locator(".notebookOverlay .cell-list-container .monaco-editor").nth(1).click()
    window.press("Control+End")
    window.type("sub")
    window.wait_ghost("tract_numbers")
    window.press("Escape")
    window.save()
    window.command("View: Close All Editors")


def test_a_workspace_is_switched_off_and_a_disk_that_takes_no_settings_is_told(controlled: Window) -> None:
    window = controlled
    settings = window.file.parent / ".vscode"
    shutil.rmtree(settings, ignore_errors=True)
    settings.write_text("a file where the folder for settings would be: what is read-only fails in the same way")
    window.command("fimble: Switch Suggestions On or Off in This Workspace")
    window.wait_message("fimble.enabled cannot be written to the workspace's settings")
    settings.unlink()
    window.command("fimble: Switch Suggestions On or Off in This Workspace")
    window.wait_status_bar("Suggestions are off in this workspace.")
    window.until(lambda: window.status == "fimble: off", "the status says so")
    window.command("fimble: Snooze Suggestions", "15 minutes")
    window.until(lambda: "asleep until" in window.status, "it sleeps")
    window.command("fimble: Snooze Suggestions")
    window.until(lambda: window.status == "fimble: off", "it is awake, and off")
    window.command("fimble: Switch Suggestions On or Off in This Workspace")
    window.wait_status_bar("Suggestions are on in this workspace.")
    window.wait_ready()
    ask(window)


def test_a_workspace_of_several_folders(vscode: CodeServer, open_file: Open, tmp_path: Path) -> None:
    private = tmp_path / "project/second/.fimbleignore"
    for name in ("first", "second", "third"):
        (tmp_path / "project" / name).mkdir(parents=True)
        (tmp_path / "project" / name / "code.py").write_text(ADD)
    private.write_text("code.py\n")
    (tmp_path / "project/third/.vscode").mkdir()
    (tmp_path / "project/third/.vscode/settings.json").write_text('{"fimble.disabledPaths": ["secret.py"]}')
    (tmp_path / "project/third/secret.py").write_text(ADD)
    folders = [{"path": "first"}, {"path": "second"}, {"path": "third"}]
    (tmp_path / "project/both.code-workspace").write_text(json.dumps({"folders": folders}))
    window = open_file(vscode, ADD, "first/code.py", workspace="both.code-workspace")
    window.wait_ready()
    ask(window)
    for file in ("second/code.py", "third/secret.py"):
        window.open(tmp_path / "project" / file)
        asked_in_vain(window, "the file is one that fimble never reads")
    window.open(tmp_path / "project/first/code.py")
    window.command("fimble: Switch Suggestions On or Off for This File")
    window.wait_status_bar("Suggestions are off for code.py.")
    settings = tmp_path / "project/first/.vscode/settings.json"
    person = vscode.folder / "user/User/settings.json"
    assert settings.is_file(), f"on screen: {window.seen()}; the person's own settings: {person.read_text()}"
    assert json.loads(settings.read_text()) == {"fimble.disabledPaths": ["/code.py"]}
    asked_in_vain(window, "the file is one that fimble never reads")
    window.open(tmp_path / "project/third/code.py")
    ask(window)
