"""From a prompt to a raw answer: which text each token gave, where it was stopped, and how it is written on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pytest

from fimble.engine.base import CancelToken
from fimble.engine.fake import ScriptedEngine
from fimble.engine.healing import BeginsWith, OtherThan
from fimble.engine.vocabulary import Vocabulary
from fimble.errors import EngineCancelled
from fimble.features.continuation import Place
from fimble.features.writer import ASKED_MS, LAST_MOMENT_MS, PATIENCE_MS, Writer
from fimble.prompt.build import Prompt
from tests.unit.cursor_mark import at_mark

END = 256
BYTES = Vocabulary({byte: bytes([byte]) for byte in range(256)})
HEAD = (7, 8, 9)
PLACE = Place.at(at_mark("x = ‸\n"), ())


class ByteTokenizer:
    """One token a byte, so that characters are cut in pieces; 256 ends an answer."""

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(token for token in ids if token < END).decode(errors="replace")

    def begins_with(self, text: str) -> BeginsWith:
        return BeginsWith(BYTES, text.encode())

    def other_than(self, banned: Collection[int], text: str = "") -> OtherThan:
        return OtherThan(BYTES, banned, text.encode())

    def token_id(self, token: str) -> int | None:
        return None


TOKENIZER = ByteTokenizer()


def ever(text: str) -> bool:
    return True


def writer(*answers: str, clock: Callable[[], float] = lambda: 0.0) -> tuple[Writer, ScriptedEngine]:
    """An engine that gives ``answers``, a candidate each, from wherever the prompt has got to."""

    def script(prompt: tuple[int, ...]) -> list[list[int]]:
        return [[*TOKENIZER.encode(answer), END][len(prompt) - len(HEAD) :] for answer in answers]

    engine = ScriptedEngine(script)
    return Writer(engine, TOKENIZER, frozenset({END}), clock), engine


def write(by: Writer, goes_on: Callable[[str], bool] = ever, max_tokens: int = 100, required: str = "") -> str:
    (answer,) = by.write(Prompt(HEAD, required), PLACE, goes_on, CancelToken(), max_tokens=max_tokens).continuations
    return answer.text


def test_the_whole_answer() -> None:
    by, engine = writer("total + 1\n")
    written = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=100)
    (answer,) = written.continuations
    assert (answer.text, answer.is_whole, answer.place) == ("total + 1\n", True, PLACE)
    assert answer.ends == tuple(range(1, 11)) and len(answer.logprobs) == 10
    assert answer.tokens == (*HEAD, *TOKENIZER.encode("total + 1\n"))
    assert TOKENIZER.decode(answer.answer) == "total + 1\n"
    assert engine.requests[0].sequence == PLACE.uri
    assert written.stats.num_generated_tokens == 10


def test_it_stops_where_it_is_told_to() -> None:
    asked: list[str] = []

    def goes_on(text: str) -> bool:
        asked.append(text)
        return "\n" not in text

    by, _ = writer("a\nb\n")
    (answer,) = by.write(Prompt(HEAD, ""), PLACE, goes_on, CancelToken(), max_tokens=100).continuations
    assert (answer.text, answer.is_whole) == ("a\n", False)
    assert asked == ["a", "a\n"]


def test_what_was_left_to_the_model_is_taken_off_again() -> None:
    by, engine = writer("total")
    (answer,) = by.write(Prompt(HEAD, "to"), PLACE, ever, CancelToken(), max_tokens=100).continuations
    assert answer.text == "tal"
    assert answer.ends == (0, 0, 1, 2, 3)
    assert len(answer.logprobs) == len(answer.answer) == 5
    assert engine.requests[0].constraint is not None


def test_an_answer_shorter_than_what_was_left_to_the_model_is_empty() -> None:
    assert write(writer("total")[0], max_tokens=1, required="to") == ""


def test_each_candidate_has_its_own_text() -> None:
    by, _ = writer("one\n", "two\n", "x\n")
    written = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=100, num_candidates=3)
    assert [answer.text for answer in written.continuations] == ["one\n", "two\n", "x\n"]
    assert [answer.ends for answer in written.continuations] == [(1, 2, 3, 4), (1, 2, 3, 4), (1, 2)]


def test_half_a_character_at_the_end_is_left_out_and_comes_with_its_other_half() -> None:
    text = "'日本語😀 naïve'\n"
    num_tokens = len(TOKENIZER.encode(text))
    for first in range(1, num_tokens):
        by, _ = writer(text)
        (begun,) = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=first).continuations
        assert text.startswith(begun.text) and not begun.is_whole
        whole = by.extend(begun, ever, CancelToken(), 100)
        assert (whole.text, whole.is_whole) == (text, True), first
        assert len(whole.ends) == len(whole.logprobs) == len(whole.answer) == num_tokens
        assert list(whole.ends) == sorted(whole.ends) and whole.ends[-1] == len(text)


@pytest.mark.parametrize("step", [1, 2, 5])
def test_writing_on_step_by_step_gives_the_same_answer(step: int) -> None:
    text = "tal = 'é😀'\nx\n"
    by, _ = writer("to" + text)
    (answer,) = by.write(Prompt(HEAD, "to"), PLACE, ever, CancelToken(), max_tokens=step).continuations
    while not answer.is_whole:
        longer = by.extend(answer, ever, CancelToken(), step)
        assert longer.text.startswith(answer.text)
        assert len(longer.answer) > len(answer.answer) or longer.is_whole
        assert longer.place == PLACE and longer.num_prompt_tokens == len(HEAD)
        answer = longer
    assert answer.text == text


def test_writing_on_is_asked_with_the_whole_text() -> None:
    asked: list[str] = []
    by, _ = writer("abcd")
    (begun,) = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=2).continuations

    def goes_on(text: str) -> bool:
        asked.append(text)
        return True

    by.extend(begun, goes_on, CancelToken(), 100)
    assert asked == ["abc", "abcd"]


def test_nothing_more_to_write_makes_it_whole() -> None:
    by, _ = writer("ab")
    (begun,) = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=2).continuations
    assert not begun.is_whole
    assert by.extend(begun, ever, CancelToken(), 100).is_whole


def test_the_answer_that_is_nothing_is_an_answer_too() -> None:
    """Else nothing remembers that the model was asked, and it would be asked again and again."""
    by, _ = writer("")
    (answer,) = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=100).continuations
    assert (answer.text, answer.is_whole, answer.answer, answer.logprobs) == ("", True, (), ())


class Clock:
    """Each look at it takes ``step_ms``."""

    def __init__(self, step_ms: float) -> None:
        self.now_s, self.step_s = 0.0, step_ms / 1000

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def hurried(text: str, step_ms: float, is_hurried: bool = True) -> str:
    by, _ = writer(text, clock=Clock(step_ms))
    (answer,) = by.write(
        Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=1000, is_hurried=is_hurried
    ).continuations
    return answer.text


def test_a_person_who_waits_gets_whole_lines_and_nothing_late() -> None:
    lines = "a = 1\n" * 50
    slow_ms = PATIENCE_MS / 8
    text = hurried(lines, slow_ms)
    assert text == lines[: len(text)] and text.count("\n") >= 1
    assert PATIENCE_MS / slow_ms <= len(text) <= PATIENCE_MS / slow_ms + 2
    assert hurried(lines, slow_ms, is_hurried=False) == lines[: int(ASKED_MS / slow_ms) + 2]
    assert hurried("x" * 200, slow_ms) == "x" * (int(LAST_MOMENT_MS / slow_ms) + 1)


def test_a_cancelled_run_leaves_nothing() -> None:
    cancel = CancelToken()
    by, _ = writer("abc")

    def goes_on(text: str) -> bool:
        cancel.cancel()
        return True

    with pytest.raises(EngineCancelled):
        by.write(Prompt(HEAD, ""), PLACE, goes_on, cancel, max_tokens=100)


def test_reading_writes_nothing() -> None:
    by, engine = writer("abc")
    stats = by.read((1, 2, 3), "file:///a next", CancelToken(), 32)
    assert (stats.num_prompt_tokens, stats.num_generated_tokens) == (3, 0)
    request = engine.requests[0]
    assert (request.max_tokens, request.prefill_chunk_tokens, request.sequence) == (0, 32, "file:///a next")


def test_what_was_written_before_is_offered_as_a_guess() -> None:
    by, engine = writer("abc")
    (earlier,) = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=100).continuations
    by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=100, drafts=(earlier,))
    assert engine.requests[1].drafts == (earlier.answer,)


def test_what_is_not_whole_in_time_is_dropped() -> None:
    by, _ = writer("ab", "abcdef" * 9, "abc", clock=Clock(1.0))
    done = by.write(Prompt(HEAD, ""), PLACE, ever, CancelToken(), max_tokens=90, num_candidates=3, until_s=0.02)
    assert [continuation.text for continuation in done.continuations] == ["ab"]
