"""Code actions in VS Code, with the real model."""

from __future__ import annotations

from tests.editors.vscode.conftest import Open
from tests.editors.vscode.window import Window

COMMENT = "# write a function add(a, b) that returns the sum of two numbers\n"
LONG = """\
def parse_config(text):
    values = {}
    for line in text.splitlines():
        values[line] = 1
    return values
"""


def act(window: Window, title: str) -> None:
    """Choose a code action at the cursor."""
    entry = window.page.locator(".action-widget .monaco-list-row", has_text=title).first
    window.press("Control+.")

    def offered() -> bool:
        if not entry.is_visible():
            window.press("Escape", "Control+.")
            window.page.wait_for_timeout(500)
        return entry.is_visible()

    window.page.wait_for_timeout(500)
    window.until(offered, f"the action {title}")
    entry.click()


def test_implement_shows_its_progress(open_here: Open) -> None:
    window = open_here(COMMENT)
    window.focus()
    window.press("Control+Home")
    act(window, "Implement")
    window.wait_message("fimble: Implement")
    window.until(lambda: "def add(a, b):" in window.screen_text, "the function")
    written: dict[str, object] = {}
    exec(window.saved(), written)
    add = written["add"]
    assert callable(add)
    assert add(2, 3) == 5


def test_cancel(open_here: Open) -> None:
    window = open_here(LONG)
    window.focus()
    window.press("Control+Home")
    act(window, "Write tests")
    window.answer("fimble: Write tests", "Cancel")
    window.until(lambda: not window.messages, "the progress is gone")
    assert window.saved() == LONG
    assert [path.name for path in window.file.parent.iterdir()] == [window.file.name], "no file was made"


def test_explain_is_read_as_a_page(open_here: Open) -> None:
    window = open_here(LONG)
    window.focus()
    window.press("Control+Home")
    act(window, "Explain")
    page = window.page.locator(".tab", has_text=f"{window.file.stem}-explained.md")
    window.until(page.count, "the explanation")
    assert window.saved() == LONG
