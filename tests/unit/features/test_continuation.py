"""An answer that is kept: where it leads, and what of it is left there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.features.continuation import AFTER_CHARS, BEFORE_CHARS, Place
from fimble.text import Snippet
from tests.unit.cursor_mark import at_mark
from tests.unit.features.places import answer_at, cursor_in

HERE = "total = 1\nx = ‸\nprint(x)\n"


@pytest.mark.parametrize(
    ("now", "typed"),
    [
        (HERE, ""),
        ("total = 1\nx = tot‸\nprint(x)\n", "tot"),
        ("total = 1\nx = total\ny‸\nprint(x)\n", "total\ny"),
        ("total = 1\nx = f(‸)\nprint(x)\n", "f("),
        ("total = 1\nx = f(['‸'])\nprint(x)\n", "f(['"),
        ("total = 1\nx =‸\nprint(x)\n", None),
        ("total = 1\nx = tot‸al\nprint(x)\n", None),
        ("total = 2\nx = tot‸\nprint(x)\n", None),
        ("total = 1\nx = tot‸\nprint(y)\n", None),
        ("total = 1\nx = tot‸\nprint(x)\ny\n", None),
        ("\ntotal = 1\nx = tot‸\nprint(x)\n", None),
        ("total = 1\nx = tot‸)))))\nprint(x)\n", None),
    ],
)
def test_typed_since(now: str, typed: str | None) -> None:
    assert Place.at(at_mark(HERE), ()).typed_since(at_mark(now)) == typed


def test_another_document_or_language_is_another_place() -> None:
    place, cursor = Place.at(at_mark(HERE), ()), at_mark(HERE)
    assert place.typed_since(at_mark(HERE, uri="file:///other.py")) is None
    assert place.typed_since(replace(cursor, snapshot=replace(cursor.snapshot, language="lua"))) is None
    assert place.typed_since(replace(cursor, snapshot=replace(cursor.snapshot, version=9))) == ""


def test_what_lies_out_of_reach_may_change() -> None:
    far, near = "a" * 100 + "\n", "b" * BEFORE_CHARS
    after = "c" * AFTER_CHARS
    place = Place.at(cursor_in(far + near + after + "\nd\n", len(far + near)), ())
    other = "A" * 100 + "\n"
    assert place.typed_since(cursor_in(other + near + "x" + after + "\nD\n", len(far + near) + 1)) == "x"
    assert place.typed_since(cursor_in(far + "B" + near[1:] + after, len(far + near))) is None
    assert place.typed_since(cursor_in(far + near + after[:-1] + "C", len(far + near))) is None


def test_an_answer_keeps_what_is_left_of_it() -> None:
    answer = answer_at(at_mark(HERE), "total\ny = 2\n")
    assert answer.rest_for(at_mark(HERE)) == "total\ny = 2\n"
    assert answer.rest_for(at_mark("total = 1\nx = tot‸\nprint(x)\n")) == "al\ny = 2\n"
    assert answer.rest_for(at_mark("total = 1\nx = total\ny = 2\n‸\nprint(x)\n")) == ""
    assert answer.rest_for(at_mark("total = 1\nx = total\ny = 2\n ‸\nprint(x)\n")) is None
    assert answer.rest_for(at_mark("total = 1\nx = tok‸\nprint(x)\n")) is None


def test_the_snippets_that_the_model_was_shown_belong_to_the_place() -> None:
    one, other = (Snippet("a.py", "a\n"),), (Snippet("a.py", "b\n"),)
    assert Place.at(at_mark(HERE), one) != Place.at(at_mark(HERE), other)


def test_under_a_new_anchor_it_is_the_same_answer() -> None:
    shown = (Snippet("b.py", "b\n"),)
    answer = answer_at(at_mark(HERE), "total\n", num_prompt_tokens=3)
    moved = answer.shown_with(shown)
    assert moved.place == replace(answer.place, snippets=shown)
    assert moved.rest_for(at_mark(HERE)) == "total\n"
    assert moved.answer == answer.answer == tuple(map(ord, "total\n"))


@pytest.mark.parametrize(
    ("begin", "end", "tokens"),
    [
        (0, 9, (0, 1, 2, 3)),
        (0, 2, (0,)),
        (0, 3, (0, 1)),
        (1, 2, (0,)),
        (2, 3, (1,)),
        (2, 5, (1,)),
        (5, 6, (3,)),
        (3, 9, (1, 2, 3)),
        (9, 9, ()),
    ],
)
def test_logprobs_of_a_part(begin: int, end: int, tokens: tuple[int, ...]) -> None:
    """Tokens that end at 2, 5, 5 (one that adds nothing yet, as half a character does) and 9."""
    answer = replace(answer_at(at_mark(HERE), "x" * 9), ends=(2, 5, 5, 9), logprobs=(-0.0, -1.0, -2.0, -3.0))
    assert answer.logprobs_of(begin, end) == tuple(-float(token) for token in tokens)
