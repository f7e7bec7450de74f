"""Weighing answers by what follows the cursor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.config import Config
from fimble.engine.base import CancelToken
from fimble.engine.fake import ScriptedEngine
from fimble.errors import EngineCancelled, EngineError
from fimble.features.choosing import MAX_HERE_TOKENS, NUM_AFTER_TOKENS, NUM_BEFORE_TOKENS, NUM_OTHERS, Choosing
from fimble.features.inline import InlineFeature
from fimble.prompt.templates import FAMILIES
from fimble.text import Outcome, Reason
from tests.unit.cursor_mark import CharTokenizer, at_mark

TOKENIZER = CharTokenizer()
END = TOKENIZER.token_id("<|endoftext|>") or 0


def wants(word: str) -> ScriptedEngine:
    """An engine that finds what follows likely after ``word`` alone."""
    return ScriptedEngine(lambda _: [], fit=lambda prompt, _: -0.1 if word in TOKENIZER.decode(prompt) else -5.0)


def asked(marked: str, *answers: str, engine_wants: str, is_hurried: bool = False, num_candidates: int = 1) -> Outcome:
    engine = ScriptedEngine(
        lambda _: [[*TOKENIZER.encode(answer), END] for answer in answers],
        fit=lambda prompt, _: -0.1 if engine_wants in TOKENIZER.decode(prompt) else -5.0,
    )
    feature = InlineFeature(engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config(eagerness=100))
    return feature.suggest(at_mark(marked), CancelToken(), num_candidates, is_hurried)


HOLE = "def f(items):\n    ‸\n    return total\n"
ANSWERS = (" found = 0\n", " count = 0\n", " total = 0\n")


def test_who_asks_gets_what_the_next_line_needs() -> None:
    outcome = asked(HOLE, *ANSWERS, engine_wants="total = 0\n")
    assert [suggestion.text for suggestion in outcome.suggestions] == ["total = 0"]


def test_who_types_gets_the_first_answer() -> None:
    outcome = asked(HOLE, *ANSWERS, engine_wants="total = 0\n", is_hurried=True)
    assert [suggestion.text for suggestion in outcome.suggestions] == ["found = 0"]


def test_several_are_given_in_the_order_of_their_weight() -> None:
    outcome = asked(HOLE, *ANSWERS, engine_wants="count = 0\n", num_candidates=2)
    assert [suggestion.text for suggestion in outcome.suggestions] == ["count = 0", "found = 0"]


def test_an_answer_that_cannot_be_shown_is_not_chosen() -> None:
    outcome = asked(HOLE, " return total\n", " found = 0\n", engine_wants="return total\n    return total")
    assert [suggestion.text for suggestion in outcome.suggestions] == ["found = 0"]


def test_where_no_answer_can_be_shown_the_reason_is_the_greedy_one_s() -> None:
    assert asked(HOLE, "", engine_wants="x").reason is Reason.EMPTY


def test_where_nothing_follows_nothing_is_weighed() -> None:
    engine = ScriptedEngine(lambda _: [[*TOKENIZER.encode("1\n"), END]])
    feature = InlineFeature(engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config())
    assert feature.suggest(at_mark("x = ‸\n\n"), CancelToken()).suggestions
    assert len(engine.requests) == 1


def test_of_equal_answers_the_earlier_comes_first_and_the_likelier_wins() -> None:
    choosing, cursor = Choosing(wants("nothing"), TOKENIZER), at_mark("a\n‸\nb\n")
    assert choosing.best_first([("x", -1.0), ("y", -1.0), ("x", -1.0)], cursor, CancelToken()) == [0, 1, 2]
    assert choosing.best_first([("x", -2.0), ("y", -1.0)], cursor, CancelToken()) == [1, 0]
    assert choosing.best_first([], cursor, CancelToken()) == []


def test_what_is_read_stays_small_however_long_the_lines_are() -> None:
    seen: list[tuple[int, int]] = []

    def fit(prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
        seen.append((len(prompt), len(answer)))
        return -1.0

    engine = ScriptedEngine(lambda _: [], fit=fit)
    cursor = at_mark("x" * 50_000 + "\n" + "y" * 50_000 + "‸" + ")" * 50_000 + "\n" + "z" * 50_000)
    Choosing(engine, TOKENIZER).best_first([("a", -1.0)], cursor, CancelToken())
    ((num_before, num_after),) = seen
    assert num_after == NUM_AFTER_TOKENS
    assert num_before <= NUM_BEFORE_TOKENS + MAX_HERE_TOKENS


def test_a_cancelled_choice_is_a_cancelled_request() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(EngineCancelled):
        Choosing(wants("x"), TOKENIZER).best_first([("x", -1.0)], at_mark("‸\nb\n"), cancel)


def test_the_others_are_drawn_and_the_first_is_not() -> None:
    engine = ScriptedEngine(lambda _: [[*TOKENIZER.encode("1\n"), END]])
    feature = InlineFeature(engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config())
    feature.suggest(at_mark("x = ‸\ny = x\n"), CancelToken())
    greedy, drawn = engine.requests
    assert (greedy.sampling.temperature, greedy.num_candidates) == (0, 1)
    assert drawn.sampling.temperature > 0 and drawn.num_candidates == NUM_OTHERS
    assert drawn.prompt == greedy.prompt


def test_a_choice_that_fails_leaves_the_greedy_answer() -> None:
    def fails(prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
        raise EngineError("The model failed.")

    engine = ScriptedEngine(lambda _: [[*TOKENIZER.encode(answer), END] for answer in ANSWERS], fit=fails)
    feature = InlineFeature(engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config())
    outcome = feature.suggest(at_mark(HOLE), CancelToken())
    assert [suggestion.text for suggestion in outcome.suggestions] == ["found = 0"]


def test_a_name_that_is_imported_and_not_used_yet_speaks_for_an_answer() -> None:
    cursor = at_mark("def f(items):\n    ‸\n    return total\n")
    answers = [("total = sum(items)", -2.0), ("total = added(items)", -4.0)]
    choosing = Choosing(wants("total"), TOKENIZER)
    assert choosing.best_first(answers, cursor, CancelToken()) == [0, 1]
    assert choosing.best_first(answers, cursor, CancelToken(), frozenset({"added"})) == [1, 0]


def test_another_machine_weighs_nothing() -> None:
    engine = ScriptedEngine(
        lambda _: [[*TOKENIZER.encode(answer), END] for answer in ANSWERS],
        fit=lambda prompt, answer: pytest.fail("it was asked to"),
    )
    engine.info = replace(engine.info, is_remote=True)
    feature = InlineFeature(engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config(eagerness=100))
    outcome = feature.suggest(at_mark(HOLE), CancelToken(), num_candidates=2)
    assert [suggestion.text for suggestion in outcome.suggestions] == ["found = 0", "count = 0"]
    assert len(engine.requests) == 1
