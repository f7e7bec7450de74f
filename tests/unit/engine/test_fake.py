"""The scripted engine keeps the engine's promises, so that what is tested on it holds on the real one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.base import CancelToken, Finish, GenerateRequest
from fimble.engine.fake import ScriptedEngine
from fimble.engine.healing import BeginsWith
from fimble.engine.vocabulary import Vocabulary
from fimble.errors import EngineCancelled

VOCABULARY = Vocabulary({ord(char): char.encode() for char in "abcdef\n"})


def text_of(engine: ScriptedEngine, request: GenerateRequest) -> str:
    return "".join(chr(token.id) for token in engine.generate(request))


@given(st.text("abcdef", max_size=8), st.text("abcdef", max_size=6))
def test_an_answer_begins_with_what_is_required(script: str, required: str) -> None:
    engine = ScriptedEngine(lambda prompt: [[ord(char) for char in script]])
    constraint = BeginsWith(VOCABULARY, required.encode())
    answer = text_of(engine, GenerateRequest((1, 2), 20, constraint=constraint))
    assert answer.startswith(required)
    if script.startswith(required):
        assert answer == script


def test_prefilling_alone_yields_nothing_and_asks_no_script() -> None:
    engine = ScriptedEngine(lambda prompt: pytest.fail("the script was asked"))
    generation = engine.generate(GenerateRequest((1, 2), 0))
    assert list(generation) == []
    assert generation.stats.finishes == {}


def test_prefilling_alone_can_be_cancelled() -> None:
    cancel = CancelToken()
    generation = ScriptedEngine(lambda prompt: [], delay_ms=10_000).generate(GenerateRequest((1, 2), 0), cancel)
    cancel.cancel()
    with pytest.raises(EngineCancelled):
        list(generation)


def test_an_answer_ends_at_its_limit_at_a_stop_and_where_the_script_ends() -> None:
    engine = ScriptedEngine(lambda prompt: [[5, 6, 7]])
    for request, tokens, finish in (
        (GenerateRequest((1,), 2), [5, 6], Finish.LENGTH),
        (GenerateRequest((1,), 3), [5, 6, 7], Finish.LENGTH),
        (GenerateRequest((1,), 9), [5, 6, 7], Finish.STOP_TOKEN),
        (GenerateRequest((1,), 9, frozenset({6})), [5], Finish.STOP_TOKEN),
        (GenerateRequest((1,), 9, stop=lambda answer: answer[-1] == 6), [5, 6], Finish.STOP_PREDICATE),
    ):
        generation = engine.generate(request)
        assert [token.id for token in generation] == tokens
        assert generation.stats.finishes == {0: finish}
