"""Ghost text in VS Code, with the real model. Each text is new to the server, whose window the tests share."""

from __future__ import annotations

from tests.editors.vscode.conftest import Open

ADD = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    "
SIDES = ADD.replace("a, b", "left, right").replace("a + b", "left + right")
POINTS = ADD.replace("a, b", "x, y").replace("a + b", "x + y")
PARTS = ADD.replace("a, b", "first, second").replace("a + b", "first + second")
LOOP = "def describe(numbers):\n    total = sum(numbers)\n    for number in numbers:\n        "


def test_accept_whole(open_here: Open) -> None:
    window = open_here(ADD)
    window.end()
    window.type("return")
    ghost = window.wait_ghost("a - b")
    window.press("Tab")
    window.until(lambda: "return" + ghost in window.screen_text and not window.ghost.endswith(ghost), "taken")
    window.press("Escape")
    assert window.saved() == ADD + "return" + ghost


def test_accept_by_word_and_by_line(open_here: Open) -> None:
    window = open_here(SIDES)
    window.end()
    window.type("return")
    whole = window.wait_ghost("left - right")
    window.press("Control+ArrowRight")
    rest = window.wait_ghost_that(lambda ghost: len(ghost) < len(whole), "less is left after a word")
    assert whole.endswith(rest)
    window.press("Control+ArrowDown")
    window.until(lambda: rest not in window.ghost, "no more of it is left after a line")
    window.press("Escape")
    assert window.saved() == SIDES + "return" + whole


def test_what_it_says_may_be_typed(open_here: Open) -> None:
    window = open_here(POINTS)
    window.end()
    window.type("return")
    ghost = window.wait_ghost("x - y")
    for num_typed, key in enumerate(ghost[:-1], 1):
        window.type(key)
        rest = ghost[num_typed:]
        window.wait_ghost_that(rest.__eq__, f"the rest after {num_typed} keys")


def test_cycle_and_dismiss(open_here: Open) -> None:
    window = open_here(LOOP)
    window.end()
    window.press("Alt+\\")
    first = window.wait_ghost()
    window.until_after(lambda: window.press("Alt+]"), lambda: window.ghost not in ("", first), "another suggestion")
    second = window.ghost
    window.until_after(lambda: window.press("Alt+["), lambda: window.ghost == first, "the first one again")
    assert second != first
    window.press("Escape")
    window.wait_no_ghost()
    assert window.saved() == LOOP


def test_why(open_here: Open) -> None:
    window = open_here(PARTS)
    window.end()
    window.press("Alt+Shift+\\")
    window.wait_message("Nothing was asked in this file yet")
    window.type("return")
    window.wait_ghost("first - second")
    window.press("Alt+Shift+\\")
    window.wait_message("There was a suggestion")


def test_texts_that_are_not_quite_text(open_here: Open) -> None:
    window = open_here("# \ud800 half\r\ndef add(a, b):\n    return a + b\r\n\r\ndef subtract(a, b):\n    ")
    window.end()
    window.type("return")
    window.until_after(lambda: window.press("Backspace", "n"), lambda: "a - b" in window.ghost, "ghost text")
