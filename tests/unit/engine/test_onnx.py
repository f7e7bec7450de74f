"""The real engine on a tiny random model: every fast path against full recomputation."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.base import CancelToken, Finish, GenerateRequest, Sampling
from fimble.engine.cache import KvCache
from fimble.engine.healing import BeginsWith
from fimble.engine.onnx import OnnxEngine
from fimble.engine.session import Session
from fimble.engine.speculate import Experience
from fimble.engine.vocabulary import Vocabulary
from fimble.errors import EngineCancelled, ModelFolderInvalid, PromptTooLong
from tests.unit import tiny
from tests.unit.engine.oracle import answer, assert_equals_recompute, assert_same_outside_margin

CHUNK = 128
"""Tokens in a prefill run, unless a request says otherwise."""
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
    prompt = prompt_of(3 * CHUNK + 17)
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


def test_where_long_runs_cost_no_more_a_prompt_is_run_in_few_pieces(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU: however small the pieces are that a request asks for."""
    monkeypatch.setattr(engine, "least_chunk_tokens", 300)
    widths: list[int] = []
    run = engine.session.run

    def counted(tokens: Sequence[int], *arguments: object, **options: object) -> object:
        widths.append(len(tokens))
        return run(tokens, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.session, "run", counted)
    prompt = prompt_of(640)
    tokens = [token.id for token in engine.generate(GenerateRequest(prompt, 8, prefill_chunk_tokens=16))]
    assert widths[:2] == [300, 300] and widths[2] >= 40
    assert assert_equals_recompute(engine, prompt, tokens, MARGIN) > 5


def test_a_cancellation_between_chunks_keeps_the_chunks_done(engine: OnnxEngine) -> None:
    prompt, cancel = prompt_of(5 * CHUNK), CancelToken()
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
    assert resumed.stats.num_reused_tokens == 2 * CHUNK
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


def tokens_of(engine: OnnxEngine, request: GenerateRequest, max_draft_tokens: int = 7) -> list[int]:
    engine.max_draft_tokens = max_draft_tokens
    try:
        return [token.id for token in engine.generate(request)]
    finally:
        engine.max_draft_tokens = 7


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 9), st.integers(0, 30), st.booleans())
def test_speculation_changes_no_answer(
    shared: OnnxEngine, length: int, repeats: int, seed: int, wrong_at: int, is_sure: bool
) -> None:
    """Repeating prompts, drafts that are right up to somewhere, in a slot that earlier drafts wrote behind."""
    shared.slots.clear()
    shared.experience = Experience()
    if is_sure:
        shared.experience.rates = dict.fromkeys(shared.experience.rates, 1.0)
    prompt = prompt_of(length, seed) * repeats
    plain = tokens_of(shared, GenerateRequest(prompt, 24), max_draft_tokens=0)
    draft = tuple(token if place != wrong_at else 7 for place, token in enumerate(plain))
    drafted = tokens_of(shared, GenerateRequest(prompt, 24, drafts=(draft, (1, 2, 3))))
    assert_same_outside_margin(shared, prompt, plain, drafted, MARGIN)
    used = max(shared.slots.slots, key=lambda slot: slot.last_used)
    assert used.tokens == [*prompt, *drafted[:-1]]


def test_a_draft_that_comes_true_saves_runs_and_changes_nothing(engine: OnnxEngine) -> None:
    prompt = prompt_of(60)
    plain = answer(engine, prompt, 32)
    generation = engine.generate(GenerateRequest(prompt, 32, drafts=(tuple(plain),)))
    assert [token.id for token in generation] == plain
    assert generation.stats.num_accepted_draft_tokens > 20
    assert generation.stats.num_reused_tokens == 59
    slot = engine.slots.slots[0]
    assert slot.tokens == [*prompt, *plain[:-1]]
    assert_equals_recompute(engine, (*prompt, *plain), answer(engine, (*prompt, *plain), 8), MARGIN)


def test_what_a_rejected_draft_wrote_is_never_taken_for_an_answer(engine: OnnxEngine) -> None:
    prompt = prompt_of(60)
    plain = answer(engine, prompt, 6)
    wrong = (plain[0], *(token + 1 for token in plain[1:]))
    for _ in engine.generate(GenerateRequest(prompt, 6, drafts=(wrong,))):
        assert engine.slots.slots[0].tokens == [*prompt, *plain][: len(engine.slots.slots[0].tokens)]
    continued = (*prompt, *wrong)
    assert_equals_recompute(engine, continued, answer(engine, continued, 8), MARGIN)


def test_only_the_greedy_first_candidate_is_drafted(engine: OnnxEngine) -> None:
    prompt = prompt_of(20) * 3
    plain = engine.generate(GenerateRequest(prompt, 10, num_candidates=3))
    drafts = (tuple(token.id for token in plain if token.candidate == 1),)
    generation = engine.generate(GenerateRequest(prompt, 10, num_candidates=3, drafts=drafts))
    by_candidate: dict[int, list[int]] = {}
    for token in generation:
        by_candidate.setdefault(token.candidate, []).append(token.id)
    assert tuple(by_candidate[1]) == drafts[0]
    sampled = engine.generate(GenerateRequest(prompt, 10, sampling=Sampling(temperature=1.0), drafts=drafts))
    assert len(list(sampled)) == 10
    assert sampled.stats.num_drafted_tokens == 0


def test_a_cancellation_amid_drafted_tokens_is_noticed(engine: OnnxEngine) -> None:
    prompt, cancel = prompt_of(60), CancelToken()
    draft = tuple(answer(engine, prompt, 32))
    given: list[int] = []
    with pytest.raises(EngineCancelled):
        for token in engine.generate(GenerateRequest(prompt, 32, drafts=(draft,)), cancel):
            given.append(token.id)
            if len(given) == 3:
                cancel.cancel()
    assert len(given) == 3
    assert engine.slots.slots[0].tokens == [*prompt, *draft][: len(engine.slots.slots[0].tokens)]


def test_prefilling_alone_yields_nothing_and_saves_the_next_request_its_prefill(engine: OnnxEngine) -> None:
    prompt = prompt_of(200)
    generation = engine.generate(GenerateRequest(prompt, 0))
    assert list(generation) == []
    assert generation.stats.num_reused_tokens == 0
    following = engine.generate(GenerateRequest((*prompt, 30), 4))
    tokens = [token.id for token in following]
    assert following.stats.num_reused_tokens == 200
    assert assert_equals_recompute(engine, (*prompt, 30), tokens, MARGIN) > 2


def test_prefilling_what_is_there_runs_nothing_and_loses_nothing(engine: OnnxEngine) -> None:
    prompt = prompt_of(100)
    answer(engine, prompt, 20)
    held = list(engine.slots.slots[0].tokens)
    generation = engine.generate(GenerateRequest(prompt, 0, sequence="other"))
    assert list(generation) == []
    assert generation.stats.num_reused_tokens == 99
    assert [slot.tokens for slot in engine.slots.slots] == [held]


def test_work_in_idle_time_gets_on_although_every_key_cancels_it(engine: OnnxEngine) -> None:
    """Two small chunks a try: after enough of them the prompt is there."""
    prompt = prompt_of(100)
    run, num_runs = engine.session.run, 0

    def counted(*arguments: object, **options: object) -> object:
        nonlocal num_runs
        num_runs += 1
        if num_runs % 3 == 0:
            cancel.cancel()
        return run(*arguments, **options)  # type: ignore[arg-type]

    engine.session.run = counted  # type: ignore[method-assign,assignment]
    num_tries = 0
    try:
        while True:
            cancel = CancelToken()
            num_tries += 1
            request = GenerateRequest(prompt, 0, prefill_chunk_tokens=16, sequence="ahead")
            try:
                assert list(engine.generate(request, cancel)) == []
            except EngineCancelled:
                continue
            break
    finally:
        del engine.session.run
    assert num_tries == 4
    assert engine.slots.slots[0].tokens == list(prompt)


def test_a_prompt_prepared_aside_leaves_the_live_one_whole(engine: OnnxEngine) -> None:
    head = prompt_of(100)
    live, prepared = head + prompt_of(50, 1), head + prompt_of(80, 2)
    tokens = [token.id for token in engine.generate(GenerateRequest(live, 4, sequence="typed"))]
    assert list(engine.generate(GenerateRequest(prepared, 0, sequence="prepared"))) == []
    again = engine.generate(GenerateRequest(live, 4, sequence="typed"))
    assert [token.id for token in again] == tokens
    assert again.stats.num_reused_tokens == 149
    moved = engine.generate(GenerateRequest((*prepared, 40), 4, sequence="typed"))
    answered = [token.id for token in moved]
    assert moved.stats.num_reused_tokens == 180
    assert assert_equals_recompute(engine, (*prepared, 40), answered, MARGIN) > 2


@settings(max_examples=30)
@given(st.text("abcdef return(x)\n", min_size=1, max_size=8), st.integers(0, 9), st.integers(1, 3))
def test_an_answer_begins_with_what_a_constraint_requires(
    shared: OnnxEngine, required: str, seed: int, num_candidates: int
) -> None:
    vocabulary = Vocabulary.of(tiny.tokenizer())
    constraint = BeginsWith(vocabulary, required.encode())
    prompt = prompt_of(40, seed)
    answers: dict[int, list[int]] = {}
    for temperature in (0.0, 1.0):
        request = GenerateRequest(
            prompt,
            12,
            num_candidates=num_candidates,
            constraint=constraint,
            sampling=Sampling(temperature=temperature),
        )
        answers.clear()
        for token in shared.generate(request):
            assert -100 < token.logprob <= 0
            answers.setdefault(token.candidate, []).append(token.id)
        assert len(answers) == num_candidates
        for tokens in answers.values():
            assert vocabulary.text_bytes(tokens).startswith(required.encode())
        if temperature == 0:
            assert_equals_recompute(shared, prompt, answers[0], MARGIN, constraint)


@settings(max_examples=30)
@given(st.integers(0, 30), st.integers(0, 6))
def test_an_answer_that_meets_its_constraint_unasked_stays_as_it_is(shared: OnnxEngine, seed: int, length: int) -> None:
    vocabulary = Vocabulary.of(tiny.tokenizer())
    prompt = prompt_of(40, seed)
    free = answer(shared, prompt, 12)
    num_plain = next((place for place, token in enumerate(free) if not vocabulary.bytes_of(token)), len(free))
    required = vocabulary.text_bytes(free[:num_plain])[:length]
    request = GenerateRequest(prompt, 12, constraint=BeginsWith(vocabulary, required))
    assert_same_outside_margin(shared, prompt, free, tokens_of(shared, request), MARGIN)


def test_what_does_not_fit_is_refused(engine: OnnxEngine) -> None:
    with pytest.raises(PromptTooLong, match="do not fit a context of 1024"):
        engine.generate(GenerateRequest(prompt_of(1020), 5))
    with pytest.raises(PromptTooLong):
        engine.generate(GenerateRequest((), 5))


def test_a_damaged_graph_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "graph.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelFolderInvalid, match="fimble setup --force"):
        Session(tmp_path / "graph.onnx")


@pytest.mark.parametrize("num_read", [0, 30, 100])
def test_log_probabilities_of_a_text_are_those_it_would_have_been_generated_with(
    engine: OnnxEngine, num_read: int
) -> None:
    prompt = prompt_of(60)
    tokens = list(engine.generate(GenerateRequest(prompt, 12)))
    expected, ids = [token.logprob for token in tokens], [token.id for token in tokens]
    engine.slots.clear()
    if num_read:
        answer(engine, (*prompt, *ids)[:num_read], 1)
    assert engine.logprobs(prompt, ids) == pytest.approx(expected, abs=1e-4)
    assert engine.logprobs(prompt, ids) == pytest.approx(expected, abs=1e-4), "again, from the cache"
    assert engine.logprobs(prompt[:1], (*prompt[1:], *ids))[-12:] == pytest.approx(expected, abs=1e-4)
    assert_equals_recompute(engine, prompt, answer(engine, prompt, 4), MARGIN)


def test_log_probabilities_of_what_does_not_fit_are_refused(engine: OnnxEngine) -> None:
    with pytest.raises(PromptTooLong):
        engine.logprobs(prompt_of(1000), prompt_of(100))
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(EngineCancelled):
        engine.logprobs(prompt_of(50), prompt_of(5), "", cancel)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux how much memory is used")
def test_caches_that_come_and_go_cost_what_was_written_to_them(graph: Path) -> None:
    """Not what they could hold: ``malloc`` clears, and so commits, what it hands out again."""

    def used_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE / 2**20

    session = Session(graph, num_threads=1)
    capacity = 2 * 2**20 // session.layout.bytes_per_token * session.layout.num_layers * 2
    before_mb = used_mb()
    kept: list[KvCache] = []
    for number in range(60):
        kept = [*kept[-10:], KvCache(session, capacity)]
        session.run(prompt_of(8, number), kept[-1], 0)
    size_mb = capacity * session.layout.bytes_per_token / 2**20
    assert used_mb() - before_mb < max(16.0, 2 * size_mb), f"eleven caches of {size_mb:.0f} MB, all but empty"
