"""Keys and values that grow by concatenation keep the engine's promises: every fast path against full recomputation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.base import CancelToken, Finish, GenerateRequest, Sampling
from fimble.engine.growing import GrowingSession, open_growing
from fimble.engine.healing import BeginsWith
from fimble.engine.onnx import OnnxEngine
from fimble.engine.speculate import Experience
from fimble.engine.tokenizer import Tokenizer
from fimble.errors import AdapterInvalid, EngineCancelled, ModelFolderInvalid, PromptTooLong, ProviderUnavailable
from fimble.weights.export import can_export, export
from tests.unit import random_models
from tests.unit.engine.oracle import answer, assert_equals_recompute, assert_same_outside_margin
from tests.unit.random_models import DECODERS, NUM_POSITIONS, SLIDING_WINDOW

pytestmark = pytest.mark.skipif(not can_export(), reason="optimum is not installed")

CHUNK = 32
MARGIN = 1e-3
"""In logits: fp32 differs by rounding alone."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """StarCoder2, whose sliding window is shorter than most prompts here."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("exported")
    random_models.write_source(DECODERS["starcoder2"], source)
    export(source, made, lambda stage, share: None, "starcoder2", "tiny")
    return made


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[OnnxEngine]:
    engine = OnnxEngine(
        folder / "graph.onnx", "tiny", num_threads=1, context_length=NUM_POSITIONS, open_session=open_growing
    )
    yield engine
    engine.close()


@pytest.fixture
def engine(shared: OnnxEngine) -> OnnxEngine:
    shared.forget()
    shared.experience = Experience()
    return shared


def prompt_of(length: int, seed: int = 0) -> tuple[int, ...]:
    return tuple(int(token) for token in np.random.default_rng(seed).integers(20, 480, length))


def test_chunked_prefill_equals_one_run(engine: OnnxEngine) -> None:
    prompt = prompt_of(3 * CHUNK + 17)
    assert len(prompt) > 2 * SLIDING_WINDOW
    request = GenerateRequest(prompt, 20, prefill_chunk_tokens=CHUNK)
    tokens = [token.id for token in engine.generate(request)]
    assert assert_equals_recompute(engine, prompt, tokens, MARGIN) > 15


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 150), st.integers(1, 40), st.integers(0, 2)), min_size=2, max_size=6))
def test_any_history_of_requests_changes_no_answer(shared: OnnxEngine, history: list[tuple[int, int, int]]) -> None:
    """Prompts that go on, step back, part and return, in two documents."""
    for num_shared, num_own, seed in history:
        prompt = prompt_of(num_shared) + prompt_of(num_own, seed + 1)
        request = GenerateRequest(prompt, 4, sequence=str(seed % 2))
        assert_equals_recompute(shared, prompt, [token.id for token in shared.generate(request)], MARGIN)


def test_reuse_is_reported_and_a_step_back_costs_its_own_tokens(engine: OnnxEngine) -> None:
    prompt = prompt_of(100)
    answer(engine, prompt, 4)
    assert engine.num_cached_tokens((*prompt, 30)) == 100
    longer = engine.generate(GenerateRequest((*prompt, 30, 31), 4))
    assert len(list(longer)) == 4
    assert longer.stats.num_reused_tokens == 100
    back = engine.generate(GenerateRequest(prompt[:60], 4))
    tokens = [token.id for token in back]
    assert back.stats.num_reused_tokens == 59
    assert_equals_recompute(engine, prompt[:60], tokens, MARGIN)


def test_two_documents_share_what_they_begin_with(engine: OnnxEngine) -> None:
    """The second gets a cache of its own, and the first finds its own as it left it."""
    head, first, second = prompt_of(60), prompt_of(20, 1), prompt_of(20, 2)
    expected = [token.id for token in engine.generate(GenerateRequest(head + first, 6, sequence="a"))]
    other = engine.generate(GenerateRequest(head + second, 6, sequence="b"))
    assert_equals_recompute(engine, head + second, [token.id for token in other], MARGIN)
    assert other.stats.num_reused_tokens == 60
    again = engine.generate(GenerateRequest(head + first, 6, sequence="a"))
    assert [token.id for token in again] == expected
    assert again.stats.num_reused_tokens == 79


def test_a_cancelled_run_is_ended_in_its_middle_and_leaves_the_cache_good(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled when the run has begun: the graph itself is told to end."""
    session = GrowingSession(folder / "graph.onnx", 1)
    cache, cancel = session.new_cache(NUM_POSITIONS), CancelToken()
    session.run(prompt_of(40), cache, 0)
    (expected,) = session.run([7], cache, 40)
    hooked, looks = cancel.on_cancel, iter([False])

    def cancel_at_once(callback: Callable[[], None]) -> Callable[[], None]:
        remove = hooked(callback)
        callback()
        return remove

    with monkeypatch.context() as patched:
        patched.setattr(CancelToken, "cancelled", property(lambda self: next(looks, True)))
        patched.setattr(cancel, "on_cancel", cancel_at_once)
        with pytest.raises(EngineCancelled):
            session.run(prompt_of(400), cache, 41, 1, cancel)
    assert cache.num_tokens == 41
    (found,) = session.run([7], cache, 40)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_cancellation_between_chunks_keeps_the_chunks_done(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt, cancel = prompt_of(5 * CHUNK), CancelToken()
    run, num_runs = engine.session.run, 0

    def counted(*arguments: object) -> object:
        nonlocal num_runs
        num_runs += 1
        if num_runs == 3:
            cancel.cancel()
        return run(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(engine.session, "run", counted)
        with pytest.raises(EngineCancelled):
            list(engine.generate(GenerateRequest(prompt, 4, prefill_chunk_tokens=CHUNK), cancel))
    resumed = engine.generate(GenerateRequest(prompt, 12))
    tokens = [token.id for token in resumed]
    assert resumed.stats.num_reused_tokens == 2 * CHUNK
    assert_equals_recompute(engine, prompt, tokens, MARGIN)


def test_only_reading_prepares_the_answer(engine: OnnxEngine) -> None:
    prompt = prompt_of(50)
    assert list(engine.generate(GenerateRequest(prompt, 0))) == []
    assert engine.num_cached_tokens(prompt) == 49
    assert_equals_recompute(engine, prompt, answer(engine, prompt, 8), MARGIN)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 9), st.integers(0, 30))
def test_guesses_change_no_answer(shared: OnnxEngine, length: int, repeats: int, seed: int, wrong_at: int) -> None:
    """Drafts that are right up to somewhere; what a wrong one wrote is cut off again."""
    shared.forget()
    shared.experience = Experience()
    shared.experience.rates = dict.fromkeys(shared.experience.rates, 1.0)
    prompt = prompt_of(length, seed) * repeats
    shared.max_draft_tokens = 0
    plain = answer(shared, prompt, 20)
    shared.max_draft_tokens = 7
    draft = tuple(token if place != wrong_at else 7 for place, token in enumerate(plain))
    generation = shared.generate(GenerateRequest(prompt, 20, drafts=(draft,)))
    assert_same_outside_margin(shared, prompt, plain, [token.id for token in generation], MARGIN)
    assert generation.stats.num_drafted_tokens > 0


def test_candidates_share_a_prefill_and_each_equals_its_own_request(engine: OnnxEngine) -> None:
    prompt = prompt_of(70)
    answers: dict[int, list[int]] = {}
    for token in engine.generate(GenerateRequest(prompt, 6, num_candidates=3)):
        answers.setdefault(token.candidate, []).append(token.id)
    assert len({answers[number][0] for number in range(3)}) == 3
    for tokens in answers.values():
        assert_equals_recompute(engine, (*prompt, tokens[0]), tokens[1:], MARGIN)


def test_sampling_follows_its_seed(engine: OnnxEngine) -> None:
    def drawn(seed: int) -> list[int]:
        request = GenerateRequest(prompt_of(40), 12, sampling=Sampling(temperature=1.5, seed=seed))
        return [token.id for token in engine.generate(request)]

    assert drawn(1) == drawn(1) != drawn(2)


def test_stops_and_limits_end_an_answer(engine: OnnxEngine) -> None:
    prompt = prompt_of(40)
    whole = answer(engine, prompt, 12)
    stopped = engine.generate(GenerateRequest(prompt, 12, stop_tokens=frozenset(whole[5:6])))
    assert [token.id for token in stopped] == whole[: whole.index(whole[5])]
    assert stopped.stats.finishes == {0: Finish.STOP_TOKEN}
    ended = engine.generate(GenerateRequest(prompt, 12, stop=lambda tokens: len(tokens) == 3))
    assert len(list(ended)) == 3
    assert ended.stats.finishes == {0: Finish.STOP_PREDICATE}


def test_an_answer_begins_with_what_is_required(engine: OnnxEngine, folder: Path) -> None:
    """Token healing on a vocabulary of the exported model's own."""
    vocabulary, prompt = Tokenizer(folder / "tokenizer.json").vocabulary, prompt_of(40)
    constraint = BeginsWith(vocabulary, b"retu")
    tokens = [token.id for token in engine.generate(GenerateRequest(prompt, 8, constraint=constraint))]
    assert vocabulary.text_bytes(tokens).startswith(b"retu")
    assert_equals_recompute(engine, prompt, tokens, MARGIN, BeginsWith(vocabulary, b"retu"))


def test_logprobs_are_those_of_the_answer_itself(engine: OnnxEngine) -> None:
    prompt = prompt_of(45)
    tokens = list(engine.generate(GenerateRequest(prompt, 8)))
    engine.forget()
    found = engine.logprobs(prompt, [token.id for token in tokens])
    np.testing.assert_allclose(found, [token.logprob for token in tokens], atol=1e-4)


def test_weights_can_be_unloaded_and_what_was_read_stays(engine: OnnxEngine) -> None:
    prompt = prompt_of(80)
    whole = answer(engine, prompt, 8)
    engine.session.unload()
    assert not engine.session.is_loaded
    again = engine.generate(GenerateRequest((*prompt, *whole[:3]), 5))
    assert [token.id for token in again] == whole[3:]
    assert again.stats.num_reused_tokens == 82
    assert engine.session.is_loaded


def test_engines_share_a_graph_and_nothing_else(engine: OnnxEngine) -> None:
    """Each has caches of its own; their runs may overlap."""
    other = OnnxEngine(engine.session, "tiny", context_length=NUM_POSITIONS)
    prompts = [prompt_of(60, seed) for seed in range(2)]
    expected = [answer(engine, prompt, 10) for prompt in prompts]
    found: dict[int, list[int]] = {}
    engines = (engine, other)
    threads = [
        threading.Thread(target=lambda one=one: found.update({one: answer(engines[one], prompts[one], 10)}))
        for one in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[one] for one in range(2)] == expected
    assert other.num_cached_tokens(prompts[0]) == 0
    other.forget()


def test_a_run_computes_the_logits_that_are_wanted_only(shared: OnnxEngine) -> None:
    session = shared.session
    cache = session.new_cache(NUM_POSITIONS)
    assert session.run(prompt_of(20), cache, 0, 0).shape == (0, session.vocabulary_size)
    rows = session.run(prompt_of(20), cache, 20, 5)
    assert rows.shape == (5, session.vocabulary_size)
    whole = session.run(prompt_of(20) * 2, session.new_cache(NUM_POSITIONS), 0, 40)
    np.testing.assert_allclose(rows, whole[-5:], atol=1e-4)


def test_what_it_cannot_do_is_said(engine: OnnxEngine, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PromptTooLong):
        engine.generate(GenerateRequest(prompt_of(NUM_POSITIONS), 1))
    with pytest.raises(ProviderUnavailable, match="CPU only"):
        open_growing(folder / "graph.onnx", "cuda", 0)
    with pytest.raises(AdapterInvalid, match="no adapter"):
        engine.session.lora({}, "x")
    damaged = tmp_path / "graph.onnx"
    damaged.write_bytes((folder / "graph.onnx").read_bytes()[:-3000])
    with pytest.raises(ModelFolderInvalid, match=r"graph\.onnx"):
        GrowingSession(damaged)
    other = onnx.load(str(folder / "graph.onnx"))
    next(value for value in other.graph.input if value.name == "input_ids").name = "tokens"
    for node in other.graph.node:
        node.input[:] = ["tokens" if name == "input_ids" else name for name in node.input]
    onnx.save(other, str(damaged))
    with pytest.raises(ModelFolderInvalid, match="does not know"):
        GrowingSession(damaged)
