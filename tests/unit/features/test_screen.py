"""What is shown: it stays as it is while it is typed."""

from __future__ import annotations

from fimble.features.screen import Screen
from fimble.text import Suggestion
from tests.unit.cursor_mark import at_mark

SHOWN = Suggestion("foo(a)\n    b", -0.2, 0.7)


def shown_at(marked: str, suggestion: Suggestion = SHOWN) -> Screen:
    screen = Screen()
    screen.show(at_mark(marked), suggestion)
    return screen


def text_at(screen: Screen, marked: str) -> str | None:
    rest = screen.rest_for(at_mark(marked))
    return rest.text if rest else None


def test_typing_through_leaves_the_rest_and_its_confidence() -> None:
    screen = shown_at("x = ‸\n")
    rest = screen.rest_for(at_mark("x = foo(‸\n"))
    assert rest is not None and rest.text == "a)\n    b"
    assert (rest.mean_logprob, rest.confidence) == (SHOWN.mean_logprob, SHOWN.confidence)
    assert text_at(screen, "x = foo(a)\n  ‸\n") == "  b"
    assert text_at(screen, "x = ‸\n") == "foo(a)\n    b", "and back again"


def test_typed_out_typed_over_or_changed_elsewhere() -> None:
    screen = shown_at("x = ‸\n")
    assert text_at(screen, "x = foo(a)\n    b‸\n") is None
    assert text_at(screen, "x = fa‸\n") is None
    assert text_at(screen, "y = f‸\n") is None
    assert text_at(screen, "x = f‸\nz") is None
    assert text_at(screen, "x =‸\n") is None
    assert Screen().rest_for(at_mark("x = ‸")) is None


def test_blanks_alone_are_nothing_to_show() -> None:
    assert text_at(shown_at("x = ‸\n", Suggestion("1  ", -0.1)), "x = 1‸\n") is None


def test_a_bracket_that_the_editor_has_closed_is_not_closed_twice() -> None:
    """``foo()`` with the cursor inside: inserting the rest must not leave ``foo(a))``."""
    rest = text_at(shown_at("x = ‸\n", Suggestion("foo(a)", -0.1)), "x = foo(‸)\n")
    assert rest in (None, "a"), "either what fits, or the model's answer is judged anew"


def test_a_quote_that_the_editor_has_closed_is_not_closed_twice() -> None:
    assert text_at(shown_at("x = ‸\n", Suggestion('"ab"', -0.1)), 'x = "‸"\n') in (None, "ab")


def test_each_document_has_its_own() -> None:
    screen = shown_at("x = ‸\n")
    other = at_mark("x = ‸\n", uri="file:///other.py")
    assert screen.rest_for(other) is None
    screen.show(other, Suggestion("1", -0.1))
    screen.forget(at_mark("x = ‸\n").snapshot.uri)
    assert screen.rest_for(at_mark("x = ‸\n")) is None
    assert screen.rest_for(other) is not None
    screen.forget(other.snapshot.uri)
    assert screen.rest_for(other) is None
