"""Ghost text in Neovim, as a person meets it."""

from __future__ import annotations

import pytest

from tests.editors.nvim.neovim import Neovim

START = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return"
FULL = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return a - b"
LINES = "def area(width, height):\n    return width * height\n\n\ndef perimeter(width, height):"


def begin(neovim: Neovim, text: str = START, keys: str = " ") -> str:
    """Type ``keys`` after ``text`` and wait for the ghost."""
    neovim.open(text)
    neovim.at_end()
    neovim.type(keys)
    return neovim.wait_for_ghost()


def test_it_appears_and_is_accepted_whole(neovim: Neovim) -> None:
    ghost = begin(neovim)
    assert ghost == "a - b"
    neovim.type("<Tab>")
    neovim.wait(lambda: neovim.text == FULL, "what was seen is in the text")
    assert neovim.cursor == (6, len("    return a - b"))


def test_several_lines_are_accepted_as_they_are_seen(neovim: Neovim) -> None:
    ghost = begin(neovim, LINES, "<CR>")
    before = neovim.text
    neovim.type("<Tab>")
    neovim.wait(lambda: neovim.text == before + ghost, "what was seen is in the text")
    assert neovim.cursor[0] == before.count("\n") + ghost.count("\n") + 1


def test_word_by_word_then_the_rest(neovim: Neovim) -> None:
    begin(neovim)
    neovim.type("<M-Right>")
    neovim.wait(lambda: neovim.text == START + " a", "the first word")
    neovim.wait(lambda: neovim.ghost == " - b", "the rest is still seen")
    neovim.type("<M-Right><M-Right>")
    neovim.wait(lambda: neovim.text == FULL, "two words more, typed at once")


@pytest.mark.parametrize("is_at_once", [False, True])
def test_after_an_acceptance_it_goes_on(neovim: Neovim, is_at_once: bool) -> None:
    begin(neovim)
    neovim.type("<Tab>")
    if not is_at_once:
        neovim.wait(lambda: neovim.text == FULL, "accepted")
    neovim.type("<CR><CR><CR>def power(base, exponent):<CR>")
    neovim.wait_for_ghost("return base")
    assert neovim.text.startswith(FULL + "\n\n\ndef power(base, exponent):")


def test_a_line_of_several(neovim: Neovim) -> None:
    ghost = begin(neovim, LINES, "<CR>")
    before = neovim.text
    neovim.type("<M-C-Right>")
    neovim.wait(lambda: neovim.text == before + ghost.partition("\n")[0], "one line of it")


def test_typing_into_it_keeps_it(neovim: Neovim) -> None:
    begin(neovim)
    neovim.type("a")
    neovim.wait(lambda: neovim.line.endswith("a"), "typed")
    assert neovim.ghost == " - b", "at once: nothing was asked for this"


def test_deleting_back_shows_it_again_at_once(neovim: Neovim) -> None:
    begin(neovim)
    neovim.type("x")
    neovim.wait(lambda: neovim.line.endswith("x"), "typed")
    assert neovim.ghost == ""
    neovim.type("<BS>")
    neovim.wait(lambda: not neovim.line.endswith("x"), "deleted")
    assert neovim.ghost == "a - b"


@pytest.mark.parametrize("typed", ["", "a", "a -", "a - ", "b", "a*", "x", "a -x"])
def test_keys_typed_all_at_once_come_in_their_order(neovim: Neovim, typed: str) -> None:
    """Into it, or against it; Tab takes what is left, or is a tab."""
    ghost = begin(neovim)
    neovim.type(f"{typed}<Tab>zz")
    neovim.wait(lambda: neovim.line.endswith("zz"), "all keys are typed")
    if ghost.startswith(typed):
        neovim.wait(lambda: neovim.line == f"    return {ghost}zz", "all of it, and nothing twice")
    else:
        assert neovim.line.replace(" ", "") == f"return{typed}zz".replace(" ", ""), "nothing was accepted"


def test_tab_is_tab_where_there_is_nothing_to_accept(neovim: Neovim) -> None:
    neovim.open("")
    neovim.nvim.command("setlocal noexpandtab")
    neovim.type("i<Tab>x")
    neovim.wait(lambda: neovim.line == "\tx", "a tab")


def test_moving_away_hides_it_and_leaving_insert_mode_too(neovim: Neovim) -> None:
    begin(neovim)
    neovim.type("<Up>")
    neovim.wait(lambda: neovim.cursor[0] == 5, "the line above")
    assert neovim.ghost == ""
    neovim.type("<Down><End>")
    neovim.wait_for_ghost("a")
    neovim.escape()
    assert neovim.ghost == ""


def test_dismissed_until_something_moves(neovim: Neovim) -> None:
    begin(neovim)
    neovim.type("<C-]>")
    neovim.wait(lambda: neovim.ghost == "", "hidden")
    neovim.type("<Tab>x")
    neovim.wait(lambda: neovim.line.endswith("x"), "a tab, as there is nothing to accept")
    assert neovim.line.split() == ["return", "x"]


def test_other_suggestions_are_asked_for_and_turned_through(neovim: Neovim) -> None:
    neovim.open("def mean(values):\n    return sum(values) / len(values)\n\n\ndef median(values):\n    ")
    neovim.at_end()
    neovim.type("<M-\\>")
    first = neovim.wait_for_ghost()
    neovim.type("<M-]>")
    second = neovim.wait(lambda: neovim.ghost != first and neovim.ghost, "another one")
    assert " (2/" in second
    neovim.type("<M-[>")
    neovim.wait(lambda: neovim.ghost.startswith(first), "the first one again")
    neovim.type("<M-]>")
    neovim.wait(lambda: neovim.ghost == second, "and the second")
    before, shown = neovim.text, second[: second.rindex(" (2/")]
    neovim.type(shown[0])
    neovim.wait(lambda: neovim.ghost.startswith(shown[1:]), "it stays while it is typed")
    neovim.lua("_G.is_late = false; vim.defer_fn(function() _G.is_late = true end, 600)")
    neovim.wait(lambda: neovim.lua("return _G.is_late"), "what Neovim asks meanwhile is answered")
    assert neovim.ghost.startswith(shown[1:])
    neovim.type("<Tab>")
    neovim.wait(lambda: neovim.text == before + shown, "the second one was accepted")


def test_accepting_is_undone_alone(neovim: Neovim) -> None:
    begin(neovim)
    neovim.type("<Tab>")
    neovim.wait(lambda: neovim.text == FULL, "accepted")
    neovim.type("<Esc>u")
    neovim.wait(lambda: neovim.text == START + " ", "what was typed stays")


def test_the_popup_has_its_keys_to_itself(neovim: Neovim) -> None:
    neovim.open("addition = add = 1\nprint(")
    neovim.at_end()
    neovim.type("ad<C-n>")
    neovim.wait(lambda: neovim.nvim.eval("pumvisible()"), "Neovim's own popup")
    chosen = neovim.line
    neovim.type("<Tab>x")
    neovim.wait(lambda: neovim.line.endswith("x"), "typed")
    assert neovim.line.replace(" ", "") == f"{chosen}x", "the key went to the popup"
