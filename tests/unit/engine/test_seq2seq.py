"""The encoder-decoder's engine on a tiny random T5: answers and probabilities against torch, whatever is kept."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from fimble.daemon.scheduler import Scheduler
from fimble.engine.base import CancelToken, Finish, GenerateRequest, Sampling
from fimble.engine.memory import KvMemory
from fimble.engine.seq2seq import Marks, Seq2SeqEngine
from fimble.engine.seq2seq_session import Encoded
from fimble.errors import AdapterInvalid, EngineCancelled, ModelFolderInvalid, PromptTooLong
from fimble.weights import manifest
from fimble.weights.export import can_export, export
from tests.unit import tiny

pytestmark = pytest.mark.skipif(not can_export(), reason="optimum is not installed")

START, END, HOLE = 0, 1, 2
VOCABULARY = 512


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The matrices are small: more threads would wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("t5")
    torch.manual_seed(3)
    config = T5Config(
        vocab_size=VOCABULARY,
        d_model=64,
        d_kv=16,
        d_ff=96,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        initializer_factor=3.0,
        tie_word_embeddings=False,  # tied, a random model repeats itself
        n_positions=512,
        pad_token_id=START,
        decoder_start_token_id=START,
        eos_token_id=END,
    )
    T5ForConditionalGeneration(config).eval().save_pretrained(folder)
    tiny.tokenizer().save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def exported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    export(source, folder, lambda stage, share: None, "t5-sentinels", "mine")
    return folder


@pytest.fixture(scope="module")
def torch_model(source: Path) -> Any:
    from transformers import T5ForConditionalGeneration

    return T5ForConditionalGeneration.from_pretrained(source).eval()


@pytest.fixture(scope="module")
def shared(exported: Path) -> Iterator[Seq2SeqEngine]:
    engine = Seq2SeqEngine(exported, "mine", Marks(START, END, HOLE), num_threads=1, context_length=400)
    yield engine
    engine.close()


@pytest.fixture
def engine(shared: Seq2SeqEngine) -> Seq2SeqEngine:
    shared.forget()
    return shared


def text(length: int, seed: int = 0) -> tuple[int, ...]:
    return tuple(int(token) for token in np.random.default_rng(seed).integers(20, 500, length))


def prompt_of(num_source: int = 40, tail: Sequence[int] = (), seed: int = 0) -> tuple[int, ...]:
    return (*text(num_source, seed), END, HOLE, *tail)


def answer(engine: Seq2SeqEngine, prompt: Sequence[int], max_tokens: int = 12) -> list[int]:
    return [token.id for token in engine.generate(GenerateRequest(tuple(prompt), max_tokens))]


def expected(model: Any, prompt: Sequence[int], num_tokens: int) -> tuple[list[int], np.ndarray[Any, Any]]:
    """What torch writes greedily without any cache, and the logits of each step."""
    import torch

    place = list(prompt).index(END) + 1
    written, rows = [START, *prompt[place:]], []
    for _ in range(num_tokens):
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([prompt[:place]]), decoder_input_ids=torch.tensor([written])).logits[
                0, -1
            ]
        rows.append(logits.numpy())
        written.append(int(logits.argmax()))
    return written[1 + len(prompt) - place :], np.array(rows)


def test_the_folder_holds_two_graphs_and_the_sources_own_tokenizer(source: Path, exported: Path) -> None:
    found = manifest.load(exported)
    assert set(found.files) == {"graph.onnx", "encoder.onnx", "tokenizer.json"}
    assert {path.name for path in exported.iterdir()} == {*found.files, "manifest.json"}
    assert (exported / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    assert (found.model, found.precision, found.architecture) == ("mine", "fp32", "t5")
    assert (found.context_length, found.vocabulary_size, found.end_tokens) == (512, VOCABULARY, (END,))


@pytest.mark.parametrize("tail", [(), text(3, 9), text(30, 8)])
def test_answers_are_those_of_torch(engine: Seq2SeqEngine, torch_model: Any, tail: tuple[int, ...]) -> None:
    prompt = prompt_of(tail=tail)
    tokens, logits = expected(torch_model, prompt, 12)
    assert len(set(tokens)) > 3
    assert answer(engine, prompt) == tokens
    shifted = logits - logits.max(-1, keepdims=True)
    logprobs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    found = engine.logprobs(prompt, tokens)
    np.testing.assert_allclose(found, logprobs[range(12), tokens], atol=1e-3)
    assert all(token.logprob <= 0 for token in engine.generate(GenerateRequest(prompt, 3)))


def test_whatever_was_asked_before_changes_no_answer(engine: Seq2SeqEngine) -> None:
    """Prompts that go on from each other, step back, part and return, over two sources."""
    tails = [text(length, 5) for length in (0, 1, 2, 20, 6, 7, 40, 3)] + [(*text(3, 5), *text(4, 6))]
    prompts = [prompt_of(tail=tail, seed=seed) for tail, seed in itertools.product(tails, (0, 1))]
    fresh = []
    for prompt in prompts:
        engine.forget()
        fresh.append(answer(engine, prompt))
    assert len(set(map(tuple, fresh))) > 8
    engine.forget()
    order = [*range(len(prompts)), *reversed(range(len(prompts))), *np.random.default_rng(2).permutation(len(prompts))]
    for place in order:
        assert answer(engine, prompts[place]) == fresh[place]


def test_a_source_is_read_once_and_the_reuse_reported(engine: Seq2SeqEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    read, encode = list[Sequence[int]](), engine.session.encode

    def counted(tokens: Sequence[int], cancel: CancelToken | None) -> Encoded:
        read.append(tokens)
        return encode(tokens, cancel)

    monkeypatch.setattr(engine.session, "encode", counted)
    first = engine.generate(GenerateRequest(prompt_of(tail=text(5, 7)), 4))
    assert [len(list(first)), first.stats.num_reused_tokens] == [4, 0]
    longer = prompt_of(tail=text(6, 7))
    assert engine.num_cached_tokens(longer) == 41 + 1 + 5
    second = engine.generate(GenerateRequest(longer, 4))
    assert len(list(second)) == 4
    assert second.stats.num_reused_tokens == 41 + 1 + 5
    assert len(read) == 1
    assert engine.num_cached_tokens(prompt_of(seed=1)) == 0


def test_nothing_is_kept_beyond_the_cap(exported: Path) -> None:
    engine = Seq2SeqEngine(exported, "mine", Marks(START, END, HOLE), context_length=400, kv_cache_mb=0)
    prompts = [prompt_of(150, seed=seed) for seed in range(4)]
    answers = [answer(engine, prompt) for prompt in prompts]
    assert [engine.num_cached_tokens(prompt) > 0 for prompt in prompts] == [False, False, True, True]
    assert [answer(engine, prompt) for prompt in prompts] == answers
    engine.close()


def test_only_reading_prepares_the_answer(engine: Seq2SeqEngine) -> None:
    prompt = prompt_of(tail=text(4, 4))
    expected_answer = answer(engine, prompt)
    engine.forget()
    assert answer(engine, prompt, 0) == []
    assert engine.num_cached_tokens(prompt) == len(prompt) - 1
    assert answer(engine, prompt) == expected_answer


def test_a_prompt_without_an_end_is_text_with_nothing_behind_it(engine: Seq2SeqEngine) -> None:
    assert answer(engine, text(30)) == answer(engine, (*text(30), HOLE, END, HOLE))
    answered = engine.logprobs(text(30), text(3, 2))
    assert answered == engine.logprobs((*text(30), HOLE, END, HOLE), text(3, 2))


def test_candidates_share_the_source_and_differ(engine: Seq2SeqEngine) -> None:
    request = GenerateRequest(prompt_of(tail=text(2)), 6, num_candidates=3)
    generation = engine.generate(request)
    tokens = list(generation)
    assert [token.candidate for token in tokens] == sorted(token.candidate for token in tokens)
    answers = [[token.id for token in tokens if token.candidate == number] for number in range(3)]
    assert answers[0] == answer(engine, request.prompt, 6)
    assert len({one[0] for one in answers}) == 3
    for one in answers[1:]:
        assert one[1:] == answer(engine, (*request.prompt, one[0]), 5)
    assert set(generation.stats.finishes.values()) == {Finish.LENGTH}


def test_sampling_follows_its_seed(engine: Seq2SeqEngine) -> None:
    def drawn(seed: int) -> list[int]:
        request = GenerateRequest(prompt_of(), 8, sampling=Sampling(temperature=2.0, seed=seed))
        return [token.id for token in engine.generate(request)]

    assert drawn(1) == drawn(1) != drawn(2)


def test_stop_tokens_and_predicates_end_an_answer(engine: Seq2SeqEngine) -> None:
    prompt = prompt_of()
    whole = answer(engine, prompt)
    stopped = engine.generate(GenerateRequest(prompt, 12, stop_tokens=frozenset(whole[3:4])))
    assert [token.id for token in stopped] == whole[: whole.index(whole[3])]
    assert stopped.stats.finishes == {0: Finish.STOP_TOKEN}
    ended = engine.generate(GenerateRequest(prompt, 12, stop=lambda tokens: len(tokens) == 2))
    assert [token.id for token in ended] == whole[:2]
    assert ended.stats.finishes == {0: Finish.STOP_PREDICATE}


@pytest.mark.parametrize("num_tokens", [0, 1, 5])
def test_a_cancelled_answer_ends_and_leaves_the_engine_right(engine: Seq2SeqEngine, num_tokens: int) -> None:
    prompt, cancel = prompt_of(tail=text(3)), CancelToken()
    whole = answer(engine, prompt)
    engine.forget()
    tokens = iter(engine.generate(GenerateRequest(prompt, 12), cancel))
    assert [next(tokens).id for _ in range(num_tokens)] == whole[:num_tokens]
    cancel.cancel()
    with pytest.raises(EngineCancelled):
        next(tokens)
    assert answer(engine, prompt) == whole
    with pytest.raises(EngineCancelled):
        engine.logprobs(prompt_of(seed=5), whole, cancel=cancel)


def test_a_run_is_cancelled_in_its_middle(engine: Seq2SeqEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session is told to end while it encodes."""
    cancel = CancelToken()
    hooked = cancel.on_cancel

    def cancel_at_once(callback: Any) -> Any:
        remove = hooked(callback)
        monkeypatch.setattr(CancelToken, "cancelled", property(lambda self: next(looks, True)))
        callback()
        return remove

    looks = iter([False])
    monkeypatch.setattr(cancel, "on_cancel", cancel_at_once)
    with pytest.raises(EngineCancelled):
        engine.session.encode(text(300), cancel)


def test_what_does_not_fit_is_refused_at_once(engine: Seq2SeqEngine) -> None:
    with pytest.raises(PromptTooLong, match="context of 400"):
        engine.generate(GenerateRequest(prompt_of(390), 12))
    with pytest.raises(PromptTooLong):
        engine.logprobs((), (5,))


def test_an_adapter_is_refused(engine: Seq2SeqEngine) -> None:
    engine.use(None)
    with pytest.raises(AdapterInvalid, match="encoder-decoder"):
        engine.use(cast(Any, object()))


def test_a_damaged_graph_is_named(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "encoder.onnx").write_bytes((exported / "encoder.onnx").read_bytes()[:-2000])
    with pytest.raises(ModelFolderInvalid, match=r"encoder\.onnx"):
        Seq2SeqEngine(tmp_path, "mine", Marks(START, END, HOLE))


def test_several_share_the_graphs_and_a_cap_and_answer_as_if_alone(shared: Seq2SeqEngine) -> None:
    """At the same time, with the weights given back in between, and with room for one source only."""
    prompts = [prompt_of(40 + 20 * seed, text(3, seed), seed) for seed in range(3)]
    alone = []
    for prompt in prompts:
        shared.forget()
        alone.append(answer(shared, prompt))
    memory, scheduler = KvMemory(100 * shared.session.bytes_per_token), Scheduler()
    engines = [
        Seq2SeqEngine(shared.session, "mine", shared.marks, context_length=400, memory=memory, runner=scheduler.join())
        for _ in prompts
    ]
    found: list[list[list[int]]] = [[], [], []]

    def ask(number: int) -> None:
        for turn in range(4):
            found[number].append(answer(engines[number], prompts[(number + turn) % 3]))

    for _ in range(2):
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shared.session.unload()
        assert not shared.session.is_loaded
    assert found == [[alone[(number + turn % 4) % 3] for turn in range(8)] for number in range(3)]
    assert memory.num_bytes <= memory.max_bytes
    for engine in engines:
        engine.close()
    assert memory.num_bytes == 0
    assert answer(shared, prompts[0]) == alone[0]
