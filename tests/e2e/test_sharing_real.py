"""Sessions that share the real model: what a second one costs, that none changes another's answers, and a reload."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from fimble.cli.wiring import LoadedModel
from fimble.cli.wiring_sharing import OpenedModel, new_sharing
from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.daemon.sharing import Sharing
from fimble.engine.base import CancelToken, GenerateRequest, Urgency
from fimble.engine.onnx import OnnxEngine
from fimble.privacy.rules import Privacy
from fimble.text import Cursor, Outcome, Snapshot

FILES = [
    Path(__file__).parents[2] / "server/fimble" / name
    for name in ("errors.py", "config.py", "engine/kv.py", "engine/onnx.py")
]
MAX_SECOND_MB = 60
NUM_NEW = 16


@pytest.fixture(scope="module")
def sharing(default_model: str) -> Iterator[Sharing[OpenedModel]]:
    made = new_sharing()
    yield made
    made.close()


def session(sharing: Sharing[OpenedModel], **options: Any) -> LoadedModel:
    config = Config(provider="cpu", **options)
    return cast(LoadedModel, sharing.load(config, Elsewhere(Privacy(())), lambda: 0.0, lambda _: None))


def engine_of(lent: LoadedModel) -> OnnxEngine:
    """Nothing is guessed, so that an answer has one way to be computed."""
    engine: OnnxEngine = lent._own.loaded.decoder  # type: ignore[attr-defined]
    engine.max_draft_tokens = 0
    return engine


def prompts_for(lent: LoadedModel) -> list[tuple[int, ...]]:
    tokenizer = lent._own.loaded.tokenizer  # type: ignore[attr-defined]
    return [tuple(tokenizer.encode(file.read_text())[: 200 + 60 * place]) for place, file in enumerate(FILES)]


def answer(engine: OnnxEngine, prompt: tuple[int, ...], urgency: Urgency = Urgency.KEYSTROKE) -> list[int]:
    return [token.id for token in engine.generate(GenerateRequest(prompt, NUM_NEW, urgency=urgency))]


def at_once(works: list[Any]) -> list[Any]:
    """What comes of all of them, done at the same time."""
    found: list[Any] = [None] * len(works)

    def do(place: int) -> None:
        found[place] = works[place]()

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def own_mb() -> float:
    """This process's own memory."""
    return float(psutil.Process().memory_full_info().uss) / 2**20


def test_a_second_session_costs_little(sharing: Sharing[OpenedModel]) -> None:
    first = session(sharing)
    answer(engine_of(first), prompts_for(first)[0])
    before_mb, kv_before_mb = own_mb(), sharing.state()["kv_mb"]
    second = session(sharing)
    assert answer(engine_of(second), prompts_for(second)[1])
    assert own_mb() - before_mb - (sharing.state()["kv_mb"] - kv_before_mb) < MAX_SECOND_MB
    first.close()
    second.close()


def test_sessions_at_once_answer_as_if_alone(sharing: Sharing[OpenedModel]) -> None:
    """With room for about one of them, and work of every urgency."""
    sessions = [session(sharing, kv_cache_mb=16) for _ in FILES]
    engines, prompts = [engine_of(lent) for lent in sessions], prompts_for(sessions[0])
    expected = [answer(engine, prompt) for engine, prompt in zip(engines, prompts, strict=True)]
    for engine in engines:
        engine.forget()
    urgencies = [*Urgency, Urgency.KEYSTROKE]
    works = [
        partial(answer, engine, prompt, urgency)
        for engine, prompt, urgency in zip(engines, prompts, urgencies, strict=True)
    ]
    assert at_once(works) == expected
    assert sharing.state()["kv_mb"] <= 16
    for lent in sessions:
        lent.close()


def test_suggestions_for_several_windows_at_once(sharing: Sharing[OpenedModel]) -> None:
    """Through the features, each on its own thread."""
    text = "def add(a, b):\n    return a + b\n\n\ndef multiply(a, b):\n    return "
    sessions = [session(sharing) for _ in range(4)]

    def ask(lent: LoadedModel, uri: str) -> Outcome:
        return lent.feature.suggest(Cursor(Snapshot(uri, "python", 1, text), len(text)), CancelToken())

    works = [partial(ask, lent, f"file:///{place}.py") for place, lent in enumerate(sessions)]
    for outcome in at_once(works):
        assert [suggestion.text for suggestion in outcome.suggestions] == ["a * b"]
    for lent in sessions:
        lent.close()


def test_unused_weights_give_their_memory_back_and_answer_the_same_again(sharing: Sharing[OpenedModel]) -> None:
    lent = session(sharing, idle_unload_minutes=1)
    engine, prompt = engine_of(lent), prompts_for(lent)[2]
    expected, loaded_mb = answer(engine, prompt), own_mb()
    for shared in sharing._shelf.models():
        shared.used_s -= 61
    sharing.unload_unused()
    assert sharing.state()["models"][0]["loaded"] is False
    assert loaded_mb - own_mb() > 400
    lent.wake()
    assert sharing.state()["models"][0]["loaded"] is True
    assert answer(engine, prompt) == expected
    lent.close()
