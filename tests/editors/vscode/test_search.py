"""The list of VS Code that searches the workspace while one types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.conftest import Starting, own_home, window, write
from tests.editors.vscode.window import PATIENCE_S, Window

FILES = {
    "src/up.py": 'import time\n\n\ndef sendAgain(path):\n    """Try the transfer once more after a failure."""\n',
    "src/other.py": "def unrelated():\n    return 1\n",
    "main.py": "x = 1\n",
}


@pytest.fixture(scope="module")
def searching(
    context: BrowserContext, starting: Starting, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Window]:
    """A window on a project whose index is made, in a home of its own."""
    folder = tmp_path_factory.mktemp("search")
    project = folder / "project"
    files = [write(project, text, name) for name, text in FILES.items()]
    variables = {"FIMBLE_HOME": str(own_home(folder, "models"))}
    with starting(folder, {}, variables) as server, window(context, server, project, files[-1]) as opened:
        opened.wait_ready()
        opened.until(lambda: list((folder / "fimble" / "index").glob("*/index.db")), "the index is made")
        yield opened


@pytest.fixture
def open_search(searching: Window) -> Iterator[Window]:
    """The list is open, and empty."""
    searching.press("Escape", "Escape")
    searching.focus()
    searching.press("Control+Alt+f")
    searching.page.locator(".quick-input-title", has_text="search code").wait_for(timeout=PATIENCE_S * 1000)
    yield searching
    searching.press("Escape", "Escape")


def rows(window: Window) -> list[str]:
    """What the list shows, an entry each, on one line."""
    found = window.page.locator(".quick-input-list .monaco-list-row")
    return [" ".join(text.split()) for text in found.all_inner_texts()]


def tab(window: Window) -> str:
    """The file that is shown."""
    return "".join(window.page.locator(".tab.active").first.inner_text().split())


def test_a_question_is_answered_while_it_is_typed(open_search: Window) -> None:
    open_search.type("where is a transfer tried after a failure")
    open_search.until(lambda: any("sendAgain" in row for row in rows(open_search)[:1]), "the answer")
    first = rows(open_search)[0]
    assert "src/up.py:4" in first and "transfer" in first, first


def test_what_is_looked_at_is_shown_and_put_back(open_search: Window) -> None:
    open_search.type("sendAgain")
    open_search.until(lambda: "def sendAgain" in open_search.screen_text, "its file is shown")
    assert tab(open_search).startswith("up.py")
    open_search.press("Escape")
    open_search.until(lambda: tab(open_search).startswith("main.py"), "the file of before")


def test_what_is_chosen_is_opened(open_search: Window) -> None:
    open_search.type("unrel")
    open_search.until(lambda: any("unrelated" in row for row in rows(open_search)), "a part of a name finds it")
    open_search.press("Enter")
    open_search.until(lambda: tab(open_search).startswith("other.py"), "its file")
    open_search.until(lambda: not open_search.page.locator(".quick-input-widget:visible").count(), "the list is gone")
    open_search.page.locator(".editor-instance .monaco-editor.focused").first.wait_for(timeout=PATIENCE_S * 1000)
    open_search.type("# here\n")
    open_search.until(lambda: "# here" in open_search.screen_text, "the keyboard is in the editor")
    open_search.press("Control+z")
    open_search.command("View: Close Editor")


def test_nothing_is_said_aloud(open_search: Window) -> None:
    open_search.type("xyzzyqwerty")
    open_search.until(lambda: rows(open_search)[:1] == ["Nothing was found"], "it says so")


def test_the_command_has_its_name_and_its_place_in_the_menu(searching: Window) -> None:
    searching.command("fimble: Search Code…")
    searching.page.locator(".quick-input-title", has_text="search code").wait_for(timeout=PATIENCE_S * 1000)
    searching.press("Escape")
    searching.command("fimble: Menu", "Search code…")
    searching.page.locator(".quick-input-title", has_text="search code").wait_for(timeout=PATIENCE_S * 1000)
    searching.press("Escape")


def test_names_are_symbols_of_the_workspace(searching: Window) -> None:
    searching.press("Control+p")
    searching.ask("#sendAg")
    searching.until(lambda: any("sendAgain" in row for row in rows(searching)), "the symbol")
    searching.press("Escape")
