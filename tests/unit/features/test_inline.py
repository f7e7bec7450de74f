"""The inline feature with a scripted engine: every request ends in text or in one reason."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fimble.config import Config
from fimble.engine.base import CancelToken
from fimble.engine.fake import ScriptedEngine
from fimble.features.inline import InlineFeature
from fimble.prompt.templates import FAMILIES
from fimble.text import Outcome, Reason
from tests.unit.cursor_mark import CharTokenizer, at_mark

TOKENIZER = CharTokenizer()


def suggest(marked: str, *answers: str, num_candidates: int = 1, **options: int) -> tuple[Outcome, ScriptedEngine]:
    end = TOKENIZER.token_id("<|endoftext|>") or 0
    script: Sequence[Sequence[int]] = [[*TOKENIZER.encode(answer), end] for answer in answers]
    engine = ScriptedEngine(lambda prompt: script)
    feature = InlineFeature(engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config(**options))  # type: ignore[arg-type]
    return feature.suggest(at_mark(marked), CancelToken(), num_candidates), engine


def test_the_rest_of_a_line_and_not_a_token_more() -> None:
    outcome, _ = suggest("a = b = 1\ntotal = ‸\n", "a + b\nprint(total)\n")
    assert [suggestion.text for suggestion in outcome.suggestions] == ["a + b"]
    assert outcome.reason is None
    assert outcome.num_generated_tokens == len(" a + b\n"), "the engine stopped at the end of the line"
    assert outcome.suggestions[0].mean_logprob == pytest.approx(-0.1)


def test_indentation_that_stands_there_is_not_inserted_again() -> None:
    """An editor's auto-indent is left to the model, which glues its end to the word, and taken off again."""
    before = "class Queue:\n    def put(self, x):\n        self.q.append(x)\n\n"
    answer = " def get(self):\n        return self.q.pop()\n\n    def size(self):\n"
    outcome, engine = suggest(before + "    ‸\n", answer)
    assert outcome.suggestions[0].text == "def get(self):\n        return self.q.pop()"
    prompt = TOKENIZER.decode(engine.requests[0].prompt)
    assert prompt == "\n" + before, "suffix, then the lines before, without the indentation"


def test_candidates_differ_and_the_greedy_one_comes_first() -> None:
    outcome, _ = suggest("one = two = 1\nx = ‸\n", "one", "two", "one", num_candidates=3)
    assert [suggestion.text for suggestion in outcome.suggestions] == ["one", "two"]


def test_an_answer_cut_off_by_length_ends_with_a_whole_line() -> None:
    outcome, _ = suggest("def f():‸\n", "\n    first = 1\n    second = 2\n    third", max_block_tokens=34)
    assert outcome.suggestions[0].text == "\n    first = 1\n    second = 2"


def test_a_line_cut_off_by_length_is_not_shown() -> None:
    outcome, _ = suggest("x = ‸\n", "'a long string", max_line_tokens=5)
    assert outcome.reason is Reason.TOO_LONG


@pytest.mark.parametrize(
    ("marked", "answer", "reason"),
    [
        ("x = ‸\n", "", Reason.EMPTY),
        ("x = ‸\n", "\ny = 2", Reason.EMPTY),
        ("def f():\n    ‸\n    return 1\n", " return 1\n", Reason.REPEATS_SUFFIX),
        ("def area(r):‸\n    return r\n", "\n    return r", Reason.REPEATS_SUFFIX),
        ("class A:‸\n", "\nx = 1\n", Reason.OUT_OF_SCOPE),
    ],
)
def test_no_suggestion_has_one_reason(marked: str, answer: str, reason: Reason) -> None:
    outcome, _ = suggest(marked, answer)
    assert (outcome.suggestions, outcome.reason) == ((), reason)


def test_a_cancelled_request_never_reaches_the_engine() -> None:
    engine = ScriptedEngine(lambda prompt: [[1]])
    feature = InlineFeature(engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config())
    cancel = CancelToken()
    cancel.cancel()
    assert feature.suggest(at_mark("x‸"), cancel).reason is Reason.CANCELLED
    assert engine.requests == []


def test_cancelling_while_it_answers_ends_in_a_reason() -> None:
    cancel = CancelToken()

    def script(prompt: tuple[int, ...]) -> list[list[int]]:
        cancel.cancel()
        return [[97, 98]]

    feature = InlineFeature(ScriptedEngine(script), TOKENIZER, FAMILIES["qwen2.5-coder"], Config())
    assert feature.suggest(at_mark("x = ‸"), cancel).reason is Reason.CANCELLED


def test_a_document_above_the_limit_gets_a_reason() -> None:
    outcome, engine = suggest("x" * (2**20 + 1) + "‸", "a", max_document_mb=1)
    assert outcome.reason is Reason.TOO_LARGE and engine.requests == []
