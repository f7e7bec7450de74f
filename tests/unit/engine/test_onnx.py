"""The real engine on a tiny random model: every fast path against full recomputation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.base import CancelToken, Finish, GenerateRequest, Sampling
from fimble.engine.onnx import PREFILL_CHUNK_TOKENS, OnnxEngine
from fimble.engine.session import Session
from fimble.errors import EngineCancelled, ModelFolderInvalid, PromptTooLong
from tests.unit import tiny
from tests.unit.engine.oracle import answer, assert_equals_recompute

MARGIN = 1e-3
"""In logits: fp32 differs by rounding alone."""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.prepared(tmp_path_factory.mktemp("tiny")) / "graph.onnx"


@pytest.fixture(scope="module")
def shared(graph: Path) -> Iterator[OnnxEngine]:
    engine = OnnxEngine(graph, "tiny", num_threads=1, context_length=1024, kv_cache_mb=16)
    yield engine
    engine.close()


@pytest.fixture
def engine(shared: OnnxEngine) -> OnnxEngine:
    shared.slots.clear()
    return shared


def prompt_of(length: int, seed: int = 0) -> tuple[int, ...]:
    return tuple(int(token) for token in np.random.default_rng(seed).integers(20, 500, length))


def test_chunked_prefill_equals_one_run(engine: OnnxEngine) -> None:
    prompt = prompt_of(3 * PREFILL_CHUNK_TOKENS + 17)
    assert assert_equals_recompute(engine, prompt, answer(engine, prompt, 20), MARGIN) > 15


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 60), st.integers(0, 2)), min_size=1, max_size=6))
def test_any_history_of_requests_changes_no_answer(shared: OnnxEngine, history: list[tuple[int, int, int]]) -> None:
    """Prompts that share beginnings, in any order: each answer equals its recomputation."""
    for num_shared, num_own, seed in history:
        prompt = prompt_of(num_shared) + prompt_of(num_own, seed + 1)
        tokens = answer(shared, prompt, 4)
        assert_equals_recompute(shared, prompt, tokens, MARGIN)


def test_reuse_is_reported(engine: OnnxEngine) -> None:
    prompt = prompt_of(200)
    answer(engine, prompt, 4)
    longer = engine.generate(GenerateRequest((*prompt, 30, 31), 4))
    assert len(list(longer)) == 4
    stats = longer.stats
    assert (stats.num_prompt_tokens, stats.num_reused_tokens, stats.num_generated_tokens) == (202, 200, 4)
    assert stats.finishes == {0: Finish.LENGTH}


def test_a_cancellation_between_chunks_keeps_the_chunks_done(engine: OnnxEngine) -> None:
    prompt, cancel = prompt_of(5 * PREFILL_CHUNK_TOKENS), CancelToken()
    run = engine.session.run
    num_runs = 0

    def counted(*arguments: object, **options: object) -> object:
        nonlocal num_runs
        num_runs += 1
        if num_runs == 3:
            cancel.cancel()
        return run(*arguments, **options)  # type: ignore[arg-type]

    engine.session.run = counted  # type: ignore[method-assign,assignment]
    try:
        with pytest.raises(EngineCancelled):
            answer(engine, prompt, 4, cancel)
    finally:
        del engine.session.run
    resumed = engine.generate(GenerateRequest(prompt, 20))
    tokens = [token.id for token in resumed]
    assert resumed.stats.num_reused_tokens == 2 * PREFILL_CHUNK_TOKENS
    assert assert_equals_recompute(engine, prompt, tokens, MARGIN) > 15


def test_a_request_cancelled_before_it_starts_runs_nothing(engine: OnnxEngine) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(EngineCancelled):
        answer(engine, prompt_of(50), 4, cancel)
    assert engine.slots.slots == ()


def test_an_abandoned_answer_leaves_the_engine_usable(engine: OnnxEngine) -> None:
    prompt = prompt_of(60)
    for _ in engine.generate(GenerateRequest(prompt, 20)):
        break
    assert assert_equals_recompute(engine, prompt, answer(engine, prompt, 10), MARGIN) > 5


def test_stop_tokens_end_an_answer_and_are_not_part_of_it(engine: OnnxEngine) -> None:
    prompt = prompt_of(40)
    free = answer(engine, prompt, 12)
    end = free[5]
    generation = engine.generate(GenerateRequest(prompt, 12, stop_tokens=frozenset({end})))
    assert [token.id for token in generation] == free[: free.index(end)]
    assert generation.stats.finishes == {0: Finish.STOP_TOKEN}


def test_a_stop_predicate_ends_an_answer_after_the_token_it_met(engine: OnnxEngine) -> None:
    prompt = prompt_of(40)
    generation = engine.generate(GenerateRequest(prompt, 12, stop=lambda tokens: len(tokens) == 3))
    assert len(list(generation)) == 3
    assert generation.stats.finishes == {0: Finish.STOP_PREDICATE}


def test_candidates_share_a_prefill_and_each_equals_its_own_request(engine: OnnxEngine) -> None:
    prompt = prompt_of(150)
    generation = engine.generate(GenerateRequest(prompt, 6, num_candidates=3))
    answers: dict[int, list[int]] = {}
    for token in generation:
        answers.setdefault(token.candidate, []).append(token.id)
    assert generation.stats.num_prompt_tokens == 150
    firsts = [answers[candidate][0] for candidate in range(3)]
    assert len(set(firsts)) == 3
    for tokens in answers.values():
        assert_equals_recompute(engine, (*prompt, tokens[0]), tokens[1:], MARGIN)


def test_sampling_follows_its_seed(engine: OnnxEngine) -> None:
    def sampled(seed: int) -> list[int]:
        request = GenerateRequest(prompt_of(40), 12, sampling=Sampling(temperature=1.5, seed=seed))
        return [token.id for token in engine.generate(request)]

    assert sampled(1) == sampled(1) != sampled(2)


def test_what_does_not_fit_is_refused(engine: OnnxEngine) -> None:
    with pytest.raises(PromptTooLong, match="do not fit a context of 1024"):
        engine.generate(GenerateRequest(prompt_of(1020), 5))
    with pytest.raises(PromptTooLong):
        engine.generate(GenerateRequest((), 5))


def test_a_damaged_graph_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "graph.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelFolderInvalid, match="fimble setup --force"):
        Session(tmp_path / "graph.onnx")
