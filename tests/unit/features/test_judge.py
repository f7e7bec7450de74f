"""From a raw answer to a suggestion or a reason: what is shown, and how sure the model was of just that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.config import Config
from fimble.features.continuation import Continuation
from fimble.features.judge import Judge, Verdict
from fimble.suggest.confidence import confidence, threshold
from fimble.suggest.scope import scope_at
from fimble.text import Cursor, Reason, Snippet, Suggestion
from tests.unit.cursor_mark import at_mark
from tests.unit.features.places import answer_at


def judged(
    judge: Judge, answer: Continuation, cursor: Cursor, rest: str | None = None, is_cut_off: bool = False
) -> Verdict:
    return judge.judge(answer, answer.text if rest is None else rest, cursor, scope_at(cursor), is_cut_off)


def sure(answer: Continuation, *logprobs: float) -> Continuation:
    """``answer`` with these log-probabilities, the last one for all that follow."""
    known = [*logprobs, *[logprobs[-1]] * len(answer.text)]
    return replace(answer, logprobs=tuple(known[: len(answer.ends)]))


HERE = at_mark("a = b = 1\nx = ‸\n")


def test_a_suggestion_with_its_confidence() -> None:
    verdict = judged(Judge(Config(eagerness=100)), sure(answer_at(HERE, "a + b\n"), -0.1), HERE)
    assert isinstance(verdict, Suggestion)
    assert verdict.text == "a + b"
    assert verdict.mean_logprob == pytest.approx(-0.1)
    assert 0 <= verdict.confidence <= 1


def test_what_was_typed_already_does_not_count() -> None:
    """The first token was a bold guess; once it is typed, the rest is certain."""
    answer = sure(answer_at(HERE, "a + b\n"), -9.0, -0.01)
    judge = Judge(Config(eagerness=100))
    whole = judged(judge, answer, HERE)
    rest = judged(judge, answer, at_mark("a = b = 1\nx = a‸\n"), " + b\n")
    assert isinstance(whole, Suggestion) and isinstance(rest, Suggestion)
    assert rest.mean_logprob == pytest.approx(-0.01)
    assert rest.confidence > whole.confidence


def test_eagerness_decides_what_is_held_back() -> None:
    answer = sure(answer_at(HERE, "a + b\n"), -2.0)
    shown = [
        isinstance(judged(Judge(Config(eagerness=eagerness)), answer, HERE), Suggestion) for eagerness in range(101)
    ]
    assert shown[100] and not shown[0]
    assert shown == sorted(shown), "more eagerness never shows less"
    assert judged(Judge(Config(eagerness=0)), answer, HERE) is Reason.NOT_CONFIDENT


def test_what_the_person_accepts_moves_the_bar() -> None:
    answer = sure(answer_at(HERE, "a + b\n"), -0.3)
    assert isinstance(judged(Judge(Config(), lambda: -0.5), answer, HERE), Suggestion)
    assert judged(Judge(Config(eagerness=0), lambda: 0.5), answer, HERE) is Reason.NOT_CONFIDENT


@pytest.mark.parametrize(
    ("marked", "answer", "is_cut_off", "reason"),
    [
        ("x = ‸\n", "", False, Reason.EMPTY),
        ("x = ‸\n", " \n", False, Reason.EMPTY),
        ("x = ‸\n", "'a long", True, Reason.TOO_LONG),
        ("def area(r):‸\n    return r\n", "\n    return r", False, Reason.REPEATS_SUFFIX),
        ("x = ‸\n", "nowhere.to_be_found\n", False, Reason.UNKNOWN_NAME),
    ],
)
def test_a_reason(marked: str, answer: str, is_cut_off: bool, reason: Reason) -> None:
    cursor = at_mark(marked)
    judge = Judge(Config(eagerness=100))
    assert judged(judge, sure(answer_at(cursor, answer), -0.1), cursor, is_cut_off=is_cut_off) is reason


def test_names_that_the_model_was_shown_exist() -> None:
    snippets = (Snippet("b.py", "def nowhere(): ...\n"),)
    judge = Judge(Config(eagerness=100))
    unknown = sure(answer_at(HERE, "nowhere()\n"), -0.1)
    assert judged(judge, unknown, HERE) is Reason.UNKNOWN_NAME
    assert isinstance(
        judged(judge, replace(unknown, place=replace(unknown.place, snippets=snippets)), HERE), Suggestion
    )
    assert judged(judge, unknown, HERE) is Reason.UNKNOWN_NAME, "and are forgotten with the snippet"


def test_the_line_break_before_a_block_is_no_part_of_its_first_line() -> None:
    cursor = at_mark("def f(a):‸\n")
    answer = sure(answer_at(cursor, "\n    return a\n"), -0.1)
    verdict = judged(Judge(Config(eagerness=100)), answer, cursor)
    assert isinstance(verdict, Suggestion)
    assert verdict.text == "\n    return a"


def test_a_threshold_for_every_setting() -> None:
    for eagerness in range(101):
        for adjustment in (-2.0, -0.1, 0.0, 0.1, 2.0):
            assert 0 <= threshold(eagerness, adjustment) < 1
    assert threshold(100) == 0
    assert 0 <= confidence([], "x") <= 1
    assert confidence([0.0], "x") <= 1
