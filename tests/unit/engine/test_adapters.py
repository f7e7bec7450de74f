"""Adapters in the real engine: whatever was asked before and with whichever of them, an answer is a fresh engine's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from fimble.engine.base import GenerateRequest
from fimble.engine.fake import ScriptedEngine
from fimble.engine.onnx import OnnxEngine
from fimble.errors import AdapterInvalid
from fimble.weights.adapter import Adapter, in_memory
from fimble.weights.recipe import FP32
from tests.unit import adapters, tiny
from tests.unit.engine.oracle import answer

PROMPT = tuple(random.Random(3).randrange(20, 400) for _ in range(60))
MORE = (*PROMPT, *PROMPT[10:30])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.prepared(tmp_path_factory.mktemp("model"), recipe=FP32)


def engine_on(folder: Path) -> OnnxEngine:
    return OnnxEngine(folder / "graph.onnx", "tiny", num_threads=1, context_length=256)


@pytest.fixture
def engine(folder: Path) -> OnnxEngine:
    return engine_on(folder)


def an_adapter(seed: int) -> Adapter:
    return in_memory(adapters.about(), adapters.tensors(tiny.QWEN2, seed=seed))


X, Y = an_adapter(5), an_adapter(6)


class Counted:
    """An adapter that counts how often the engine had to ask for its inputs."""

    def __init__(self, real: Adapter) -> None:
        self._real, self.fingerprint, self.num_asked = real, real.fingerprint, 0

    def inputs_for(self, folder: Path) -> object:
        self.num_asked += 1
        return self._real.inputs_for(folder)


def fresh(folder: Path, adapter: Adapter | None, prompt: Sequence[int], max_tokens: int = 12) -> list[int]:
    """What an engine answers that did nothing else before."""
    engine = engine_on(folder)
    engine.use(adapter)
    return answer(engine, prompt, max_tokens)


def test_each_answers_like_a_fresh_engine(folder: Path, engine: OnnxEngine) -> None:
    """The oracle: no key or value of one is used with another, whatever prompts share."""
    right = {
        (name, prompt): fresh(folder, adapter, prompt)
        for name, adapter in {"": None, "x": X, "y": Y}.items()
        for prompt in (PROMPT, MORE)
    }
    for prompt in (PROMPT, MORE):
        assert len({tuple(right[name, prompt]) for name in ("", "x", "y")}) == 3, "the adapters change no answers"
    order = random.Random(1)
    for _ in range(40):
        name, prompt = order.choice(["", "x", "y"]), order.choice([PROMPT, MORE])
        engine.use({"": None, "x": X, "y": Y}[name])
        assert answer(engine, prompt, 12) == right[name, prompt]


def test_logprobs_are_those_of_the_adapter_in_use(folder: Path, engine: OnnxEngine) -> None:
    said = [engine.logprobs(PROMPT, [30, 40])]
    engine.use(X)
    said.append(engine.logprobs(PROMPT, [30, 40]))
    engine.use(None)
    said.append(engine.logprobs(PROMPT, [30, 40]))
    assert said[0] == pytest.approx(said[2])
    assert said[0] != pytest.approx(said[1])
    other = engine_on(folder)
    other.use(X)
    assert said[1] == pytest.approx(other.logprobs(PROMPT, [30, 40]))


def test_what_was_read_is_found_again_with_its_adapter(engine: OnnxEngine) -> None:
    for adapter in (None, X, Y):
        engine.use(adapter)
        assert engine.num_cached_tokens(PROMPT) == 0
        answer(engine, PROMPT, 2)
        assert engine.num_cached_tokens(PROMPT) == len(PROMPT) - 1
    for adapter in (None, X, Y):
        engine.use(adapter)
        assert engine.num_cached_tokens(PROMPT) == len(PROMPT) - 1


def test_a_generation_goes_on_with_what_it_began_with(folder: Path, engine: OnnxEngine) -> None:
    engine.use(X)
    tokens: list[int] = []
    for token in engine.generate(GenerateRequest(PROMPT, 12)):
        tokens.append(token.id)
        engine.use(Y if len(tokens) % 2 else None)
        if len(tokens) == 4:
            engine.use(an_adapter(100))
    assert tokens == fresh(folder, X, PROMPT)


def test_an_adapter_that_is_held_is_not_read_again(engine: OnnxEngine) -> None:
    x, y = Counted(X), Counted(Y)
    for adapter in (x, None, x, x, None, None, x, y, None, y):
        engine.use(adapter)  # type: ignore[arg-type]
    assert (x.num_asked, y.num_asked) == (1, 1)


def test_only_the_last_one_is_held(folder: Path, engine: OnnxEngine) -> None:
    """One that goes leaves its keys and values behind, which are good again when it comes back."""
    engine.use(counted := Counted(X))  # type: ignore[arg-type]
    expected = answer(engine, PROMPT, 12)
    engine.use(Y)
    engine.use(counted)  # type: ignore[arg-type]
    assert counted.num_asked == 2
    assert engine.num_cached_tokens(PROMPT) == len(PROMPT) - 1
    assert answer(engine, PROMPT, 12) == expected == fresh(folder, X, PROMPT)


def test_one_that_does_not_fit_changes_nothing(folder: Path, engine: OnnxEngine) -> None:
    engine.use(X)
    foreign = in_memory(adapters.about(base_sha256="1" * 64), adapters.tensors(tiny.QWEN2))
    with pytest.raises(AdapterInvalid):
        engine.use(Adapter(adapters.about(base_sha256="1" * 64, sha256="f" * 64), foreign.tensors))
    assert answer(engine, PROMPT, 12) == fresh(folder, X, PROMPT)


def test_an_adapter_without_a_fingerprint_is_an_error_of_ours(engine: OnnxEngine) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        engine.use(Adapter(adapters.about(), adapters.tensors(tiny.QWEN2)))


def test_the_scripted_engine_shares_nothing_between_adapters() -> None:
    engine = ScriptedEngine(lambda prompt: [[1]])
    engine.use(X)
    list(engine.generate(GenerateRequest((5, 6, 7), 1)))
    assert engine.num_cached_tokens((5, 6, 7)) == 3
    engine.use(None)
    assert engine.num_cached_tokens((5, 6, 7)) == 0
    assert engine.adapters == [X.fingerprint]
