"""A folder that is not trusted in VS Code: nothing of it is run or read in whole, and what waits for trust."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.editors.vscode.conftest import NOTHING, Open, OwnVSCode, Starting, own_home, window, write
from tests.editors.vscode.test_ghost_text import ADD
from tests.editors.vscode.test_search import rows
from tests.editors.vscode.window import PATIENCE_S, Window

TRANSFER = 'def sendAgain(path):\n    """Try the transfer once more after a failure."""\n'


def distrust(window: Window) -> None:
    """Say so where the window asks, and see that it is restricted."""
    dialog = window.page.get_by_role("button", name="No, I don't trust the authors")
    restricted = window.page.locator(".statusbar-item", has_text="Restricted Mode")
    dialog.or_(restricted).first.wait_for()
    if dialog.is_visible():
        dialog.click()
    restricted.wait_for()


def trust(window: Window) -> None:
    window.command("Workspaces: Manage Workspace Trust")
    window.page.locator(".workspace-trust-editor").get_by_role("button", name="Trust", exact=True).click()
    restricted = window.page.locator(".statusbar-item", has_text="Restricted Mode")
    window.until(lambda: not restricted.count(), "all is trusted")


def find(window: Window, title: str) -> list[str]:
    """What the palette has for ``title``."""
    window.press("F1")
    window.ask(f">{title}")
    rows = window.page.locator(".quick-input-list .monaco-list-row")
    rows.first.wait_for(timeout=PATIENCE_S * 1000)
    return left_with([" ".join(text.split()) for text in rows.all_inner_texts()], window)


def menu(window: Window) -> list[str]:
    """What stands in the menu of the status bar."""
    window.command("fimble: Menu")
    rows = window.page.locator(".quick-input-list .monaco-list-row")
    window.until(lambda: any("Why was there" in text for text in rows.all_inner_texts()), "the menu")
    return left_with(rows.all_inner_texts(), window)


def left_with(rows: list[str], window: Window) -> list[str]:
    """``rows``, when the list that had them is gone."""
    window.press("Escape")
    window.until(lambda: not window.page.locator(".quick-input-widget:visible").count(), "the list is gone")
    return rows


def test_nothing_of_an_untrusted_folder_is_run(own_vscode: OwnVSCode, open_file: Open, tmp_path: Path) -> None:
    mark = tmp_path / "sprung"
    python = tmp_path / "project/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {mark}\n")
    python.chmod(0o755)
    window = open_file(own_vscode(NOTHING, trust=False), ADD)
    distrust(window)
    window.wait_message("have to be fetched, once")
    assert not mark.exists()
    window.command("Notifications: Clear All Notifications")
    window.until(lambda: not window.messages, "no notifications")
    window.command("fimble: Restart Server")
    window.wait_message("have to be fetched, once")  # said again to who asks
    assert not mark.exists()
    trust(window)
    window.until(mark.exists, "what comes with a trusted folder is run")


def test_training_and_the_index_wait_for_trust(context: BrowserContext, starting: Starting, tmp_path: Path) -> None:
    variables = {"FIMBLE_HOME": str(own_home(tmp_path, "models"))}
    file = write(tmp_path / "project", TRANSFER, "up.py")
    with starting(tmp_path, {}, variables, trust=False) as server, window(context, server, file.parent, file) as opened:
        distrust(opened)
        opened.wait_ready()
        assert not any("Train on" in row for row in find(opened, "fimble: Train on"))
        entries = menu(opened)
        assert any("Search code" in row for row in entries) and not any("Train" in row for row in entries)
        opened.command("fimble: Search Code…")
        opened.type("transfer")
        opened.until(lambda: any("option index is off" in row for row in rows(opened)), "it says why there is nothing")
        assert not list((tmp_path / "fimble").glob("index/*/index.db"))
        opened.press("Escape")
        trust(opened)
        opened.page.get_by_label("Close Modal Editor").click()
        opened.focus()
        assert any("Train on" in row for row in find(opened, "fimble: Train on"))
        assert any("Train" in row for row in menu(opened))
        opened.until(lambda: list((tmp_path / "fimble").glob("index/*/index.db")), "the index is made")
