"""Suggestions as entries of VS Code's list of completions, beside those of its TypeScript server."""

from __future__ import annotations

from playwright.sync_api import TimeoutError as TookTooLong

from tests.editors.vscode.conftest import Open, OwnVSCode
from tests.editors.vscode.window import LIST_S

NUMBERS = """\
const numbers = [3, 1, 2];
function largest(values) {
  return values.reduce((a, b) => Math.max(a, b));
}
const smallest = numbers"""


def test_entries_stand_below_those_of_another_server(own_vscode: OwnVSCode, open_file: Open) -> None:
    window = open_file(own_vscode({"fimble.suggestIn": "popup"}), NUMBERS, "main.js")
    window.wait_ready()
    window.end()
    window.type(".")
    widget = window.page.locator(".suggest-widget")
    entries = widget.locator(".monaco-list-row")
    window.until(lambda: any("concat" in text for text in entries.all_inner_texts()), "TypeScript's entries")
    assert "fimble" not in entries.first.inner_text()

    last = widget.locator(".monaco-list-row.focused", has_text="fimble")

    def is_last_chosen() -> bool:
        """Ask anew until the model has answered, and look where the list ends."""
        if not widget.is_visible():
            window.press("Control+End", "Control+Space")
            try:
                widget.wait_for(timeout=LIST_S * 1000)
            except TookTooLong:
                return False  # the next key would move the cursor
        window.press("ArrowUp")  # from the first to the last entry
        window.page.wait_for_timeout(200)
        if not last.is_visible():
            window.press("Escape")
        return last.is_visible()

    window.until(is_last_chosen, "an entry of fimble at the end")
    window.press("Tab")
    window.until(lambda: "numbers.reduce" in window.screen_text, "the entry is taken")
    assert window.ghost == ""
