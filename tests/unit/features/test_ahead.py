"""Work in idle time: it makes the next answers known, gives way, and comes to an end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.config import Config
from fimble.engine.base import CancelToken, GenerateRequest
from fimble.engine.fake import ScriptedEngine
from fimble.features.ahead import CHUNK_TOKENS, LINES_AHEAD, MAX_TOKENS_AHEAD, STEP_TOKENS
from fimble.features.inline import InlineFeature
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Outcome, Snippet, Source
from tests.unit.cursor_mark import at_mark
from tests.unit.features.places import FileTokenizer, cursor_in

MAX_STEPS = 100


TOKENIZER = FileTokenizer()
END, MIDDLE = (TOKENIZER.token_id(token) or 0 for token in ("<|endoftext|>", "<|fim_middle|>"))


class Neighbour:
    """Has always one snippet to show, and nothing to prepare."""

    was_late = False

    def snippets(
        self,
        cursor: Cursor,
        max_chars: int,
        deadline_ms: float = 0.0,
        seen: tuple[int, int] | None = None,
        with_index: bool = True,
    ) -> tuple[Snippet, ...]:
        return (Snippet("b.py", "z = 1\n"),)

    def prepare(self, deadline_ms: float = 0.0) -> bool:
        return False


class Author:
    """Writes one text, from as far as it is typed already."""

    def __init__(self, text: str, neighbour: Neighbour | None = None, **options: int) -> None:
        self.text = text
        self.engine = ScriptedEngine(self._script)
        config = Config(**options)  # type: ignore[arg-type]
        self.feature = InlineFeature(
            self.engine, TOKENIZER, FAMILIES["qwen2.5-coder"], config, neighbour, clock=lambda: 0.0
        )

    def _script(self, prompt: tuple[int, ...]) -> list[list[int]]:
        shown = TOKENIZER.decode(prompt[prompt.index(MIDDLE) :])
        length = next(length for length in range(len(self.text), -1, -1) if shown.endswith(self.text[:length]))
        return [[*TOKENIZER.encode(self.text[length:]), END]]

    def suggest(self, cursor: Cursor) -> Outcome:
        return self.feature.suggest(cursor, CancelToken(), is_hurried=True)

    def idle(self, cursor: Cursor) -> list[GenerateRequest]:
        """Let it work until nothing is left. Returns what the engine was asked."""
        before = len(self.engine.requests)
        for _ in range(MAX_STEPS):
            if not self.feature.idle(cursor, CancelToken()):
                return self.engine.requests[before:]
        raise AssertionError("work in idle time does not end")


def shown(outcome: Outcome | None) -> str | None:
    return outcome.suggestions[0].text if outcome and outcome.suggestions else None


WHOLE = "first = 1\nsecond = first\nthird = second\nfourth = third\nfifth = fourth\n"
START = "fir‸\n"


def at_end(text: str) -> Cursor:
    return cursor_in(text + "\n", len(text))


@pytest.mark.parametrize("neighbour", [None, Neighbour()], ids=["alone", "with another file open"])
def test_after_accepting_the_next_suggestion_is_known(neighbour: Neighbour | None) -> None:
    author = Author(WHOLE, neighbour)
    cursor = at_mark(START)
    assert shown(author.suggest(cursor)) == "st = 1"
    assert author.idle(cursor)
    num_asked = len(author.engine.requests)
    outcome = author.feature.recall(at_end("first = 1\n"))
    assert outcome is not None and outcome.source is Source.CACHE
    assert (shown(outcome) or "").startswith("second = first")
    outcome = author.feature.recall(at_end("first = 1\nsec"))
    assert (shown(outcome) or "").startswith("ond = first")
    assert len(author.engine.requests) == num_asked, "nobody asked the model"


def test_it_is_written_on_in_small_steps_for_a_few_lines() -> None:
    author = Author(WHOLE)
    author.suggest(at_mark(START))
    asked = [request for request in author.idle(at_mark(START)) if request.max_tokens]
    assert asked and all(request.max_tokens == STEP_TOKENS for request in asked)
    assert sum(request.max_tokens for request in asked) < len(WHOLE)
    assert author.feature.idle(at_mark(START), CancelToken()) is False


def test_typing_on_writes_on_again() -> None:
    author = Author(WHOLE)
    author.suggest(at_mark(START))
    author.idle(at_mark(START))
    typed = at_end("first = 1\nsecond = first\nth")
    outcome = author.feature.recall(typed)
    assert shown(outcome) is not None
    assert author.idle(typed)
    assert shown(author.feature.recall(at_end("first = 1\nsecond = first\nthird = second\nfou"))) is not None


def test_what_runs_in_a_loop_or_on_and_on_is_not_written_for_ever() -> None:
    looping = Author("x = [" + "1, 2, 3, 4, " * 200 + "]\n")
    looping.suggest(at_mark("x = [‸\n"))
    assert len(looping.idle(at_mark("x = [‸\n"))) <= MAX_TOKENS_AHEAD / STEP_TOKENS + 2
    endless = Author("x = '" + "".join(chr(0x4E00 + number) for number in range(2000)) + "'\n")
    endless.suggest(at_mark("x = '‸\n"))
    asked = endless.idle(at_mark("x = '‸\n"))
    assert sum(request.max_tokens for request in asked) <= MAX_TOKENS_AHEAD + 2 * STEP_TOKENS


@pytest.mark.parametrize("answer", ["", "2", "2\n"])
@pytest.mark.parametrize("marked", ["a = 1\nx = ‸\n", "def f():\n    x = ‸\n", "if x:\n\ty = ‸\n", "x = ‸"])
def test_it_ends_whatever_the_model_says(answer: str, marked: str) -> None:
    """Also where it ends at once, on this line or on the next."""
    author = Author(at_mark(marked).line_prefix + answer, Neighbour())
    cursor = at_mark(marked)
    author.suggest(cursor)
    author.idle(cursor)
    assert author.idle(cursor) == [], "and stays ended"


def test_a_window_made_in_haste_grows_beside_the_one_in_use() -> None:
    before = "".join(f"name_{number} = {number}\n" for number in range(100))
    author = Author("y = 2\nz = 3\n", Neighbour())
    cursor = at_end(before + "y")
    author.suggest(cursor)
    (hasty,) = author.engine.requests
    reads = [request for request in author.idle(cursor) if not request.max_tokens]
    assert reads and len(reads[0].prompt) > len(hasty.prompt)
    assert reads[0].prefill_chunk_tokens == CHUNK_TOKENS, "a key never waits for more"
    assert reads[0].sequence != hasty.sequence, "the prompt in use stays in its slot"
    other = at_end(before + "q")
    author.suggest(other)
    prompt = author.engine.requests[-1].prompt
    assert prompt[: len(reads[0].prompt)] == reads[0].prompt, "from now on it is the one in use"
    assert "z = 1" in TOKENIZER.decode(prompt)


def test_it_gives_way_at_once_and_nothing_is_lost() -> None:
    author = Author(WHOLE)
    cursor = at_mark(START)
    author.suggest(cursor)
    cancel = CancelToken()
    cancel.cancel()
    assert author.feature.idle(cursor, cancel) is False
    assert shown(author.feature.recall(at_mark("first‸\n"))) == " = 1"
    assert author.idle(cursor)


def test_without_an_answer_there_is_little_to_do() -> None:
    author = Author("")
    assert len(author.idle(at_mark("q‸\n"))) == 1, "the prompt is read before it is needed"
    author.suggest(at_mark("q‸\n"))
    author.idle(at_mark("q‸\n"))
    assert author.feature.idle(at_mark("q‸\n"), CancelToken()) is False


def test_two_documents_keep_what_was_written_ahead() -> None:
    author = Author(WHOLE)
    for uri in ("file:///a.py", "file:///b.py"):
        cursor = cursor_in("fir\n", 3, uri)
        author.suggest(cursor)
        author.idle(cursor)
    for uri in ("file:///a.py", "file:///b.py"):
        accepted = "first = 1\n"
        assert shown(author.feature.recall(cursor_in(accepted + "\n", len(accepted), uri))) is not None


def test_lines_ahead_are_enough_for_two_acceptances() -> None:
    assert LINES_AHEAD >= 2


@pytest.mark.parametrize("neighbour", [None, Neighbour()], ids=["alone", "with another file open"])
def test_another_machine_writes_nothing_ahead(neighbour: Neighbour | None) -> None:
    author = Author(WHOLE, neighbour)
    author.engine.info = replace(author.engine.info, is_remote=True)
    cursor = at_mark(START)
    assert shown(author.suggest(cursor)) == "st = 1"
    assert [request.max_tokens for request in author.idle(cursor) if request.max_tokens] == []
