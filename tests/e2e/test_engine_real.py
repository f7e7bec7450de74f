"""The engine on the real model: every fast path against full recomputation."""

from __future__ import annotations

import heapq
import inspect
import textwrap
import threading
from collections.abc import Iterator

import pytest

from fimble.cli.wiring import LoadedEngine, load_engine
from fimble.config import Config
from fimble.engine.base import CancelToken, GenerateRequest, Sampling
from fimble.engine.onnx import OnnxEngine
from fimble.errors import EngineCancelled, PromptTooLong
from tests.e2e.holes import hole
from tests.unit.engine.oracle import answer, assert_equals_recompute

MARGIN = 0.6
"""In logits. One-row and several-row attention differ by 4e-7, which rounding to int8 lets grow to 0.5."""
NUM_NEW = 24


@pytest.fixture(scope="module")
def loaded(default_model: str) -> Iterator[LoadedEngine]:
    result = load_engine(Config(provider="cpu"))
    yield result
    result.engine.close()


@pytest.fixture
def engine(loaded: LoadedEngine) -> OnnxEngine:
    loaded.decoder.slots.clear()
    return loaded.decoder


def prompts(loaded: LoadedEngine) -> list[tuple[int, ...]]:
    """Four holes in two real files."""
    return [hole(loaded, inspect.getsource(module), share)[0] for module in (heapq, textwrap) for share in (0.4, 0.8)]


def test_chunked_and_cached_answers_equal_full_recomputation(loaded: LoadedEngine, engine: OnnxEngine) -> None:
    num_checked = 0
    for prompt in prompts(loaded):
        first = answer(engine, prompt, NUM_NEW)
        num_checked += assert_equals_recompute(engine, prompt, first, MARGIN)
        generation = engine.generate(GenerateRequest(prompt, NUM_NEW))
        again = [token.id for token in generation]
        assert generation.stats.num_reused_tokens == len(prompt) - 1
        num_checked += assert_equals_recompute(engine, prompt, again, MARGIN)
    assert num_checked > 0.5 * 8 * NUM_NEW


def test_a_prompt_that_extends_an_earlier_one_prefills_only_what_is_new(
    loaded: LoadedEngine, engine: OnnxEngine
) -> None:
    prompt = prompts(loaded)[0]
    answer(engine, prompt[:-50], 1)
    generation = engine.generate(GenerateRequest(prompt, NUM_NEW))
    tokens = [token.id for token in generation]
    assert generation.stats.num_reused_tokens == len(prompt) - 50
    assert assert_equals_recompute(engine, prompt, tokens, MARGIN) > 0


def test_a_cancelled_prefill_is_resumed_and_nothing_is_wrong(loaded: LoadedEngine, engine: OnnxEngine) -> None:
    prompt = prompts(loaded)[1]
    cancel = CancelToken()
    timer = threading.Timer(0.5, cancel.cancel)
    timer.start()
    with pytest.raises(EngineCancelled):
        while True:
            engine.slots.clear()
            answer(engine, prompt, 200, cancel)
    generation = engine.generate(GenerateRequest(prompt, NUM_NEW))
    tokens = [token.id for token in generation]
    assert assert_equals_recompute(engine, prompt, tokens, MARGIN) > 0


def test_a_cancelled_prefill_keeps_its_whole_chunks(loaded: LoadedEngine, engine: OnnxEngine) -> None:
    prompt = prompts(loaded)[3]
    cancel = CancelToken()
    run, runs = engine.session.run, []

    def counted(*arguments: object, **options: object) -> object:
        runs.append(arguments)
        if len(runs) == 3:
            cancel.cancel()
        return run(*arguments, **options)  # type: ignore[arg-type]

    engine.session.run = counted  # type: ignore[method-assign,assignment]
    try:
        with pytest.raises(EngineCancelled):
            answer(engine, prompt, NUM_NEW, cancel)
    finally:
        del engine.session.run
    generation = engine.generate(GenerateRequest(prompt, 1))
    assert len(list(generation)) == 1
    assert generation.stats.num_reused_tokens == 256


def test_candidates_share_one_prefill_and_differ(loaded: LoadedEngine, engine: OnnxEngine) -> None:
    prompt = prompts(loaded)[2]
    for sampling in (Sampling(), Sampling(temperature=3.0, seed=3)):
        generation = engine.generate(GenerateRequest(prompt, 12, sampling=sampling, num_candidates=3))
        answers: dict[int, list[int]] = {}
        for token in generation:
            assert token.logprob <= 0
            answers.setdefault(token.candidate, []).append(token.id)
        assert len(answers) == 3
        assert len({tuple(tokens) for tokens in answers.values()}) == 3
    assert assert_equals_recompute(engine, prompt, answer(engine, prompt, 12), MARGIN) > 0


def test_a_prompt_that_does_not_fit_is_refused_at_once(engine: OnnxEngine) -> None:
    with pytest.raises(PromptTooLong, match="do not fit"):
        engine.generate(GenerateRequest(tuple(range(100, 4196)), 1))
