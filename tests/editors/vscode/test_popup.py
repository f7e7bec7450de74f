"""Suggestions as entries of VS Code's list of completions, beside those of its TypeScript server."""

from __future__ import annotations

from tests.editors.vscode.conftest import Open, OwnVSCode

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
    entries = window.page.locator(".suggest-widget .monaco-list-row")
    ours = entries.filter(has_text="fimble")
    window.until(lambda: any("concat" in text for text in entries.all_inner_texts()), "TypeScript's entries")
    assert "fimble" not in entries.first.inner_text()

    def at_the_end() -> bool:
        """Ask anew until the model has answered, and look where the list ends."""
        if not window.page.locator(".suggest-widget").is_visible():
            window.press("Control+Space")
        window.press("ArrowUp")  # from the first to the last entry
        window.page.wait_for_timeout(200)
        if not ours.count():
            window.press("Escape")
        return bool(ours.count())

    window.until(at_the_end, "entries of fimble")
    window.until(lambda: ours.last.is_visible(), "they can be seen")
    ours.first.dblclick()
    window.until(lambda: "numbers.reduce" in window.screen_text, "the entry is taken")
    assert window.ghost == ""
