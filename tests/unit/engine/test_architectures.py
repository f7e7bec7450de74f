"""What is exported and served is what transformers writes by itself: every architecture, token for token.

Prompts are those of an editor: places in real code, in the form of the model's prompt family.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fimble.engine.base import GenerateRequest
from fimble.engine.growing import GrowingSession, open_growing
from fimble.engine.onnx import OnnxEngine
from fimble.engine.seq2seq import Seq2SeqEngine, marks_of
from fimble.engine.seq2seq_session import Seq2SeqSession
from fimble.engine.tokenizer import Tokenizer
from fimble.prompt.chat import ChatPrompts, Message, Role
from fimble.weights import manifest
from fimble.weights.export import can_export, export, narrow
from fimble.weights.record import record
from fimble.weights.samples import VERIFICATION
from fimble.weights.verify import measure, verify
from tests.unit import random_models
from tests.unit.random_models import DECODERS, NUM_POSITIONS, PAIRS, RandomModel

pytestmark = pytest.mark.skipif(not can_export(), reason="optimum is not installed")

NUM_PROMPTS = 50
NUM_TOKENS = 12
MAX_PART_TOKENS = 90
"""Of a prompt before the cursor, and after it."""


@dataclass
class Served:
    """A model on both sides."""

    kind: str
    model: RandomModel
    torch_model: Any
    source: Path
    folder: Path
    tokenizer: Tokenizer


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The matrices are small: more threads would wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=[*DECODERS, *PAIRS])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Served:
    kind: str = request.param
    model = {**DECODERS, **PAIRS}[kind]
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("exported")
    torch_model = random_models.write_source(model, source)
    export(source, folder, lambda stage, share: None, model.family, kind)
    return Served(kind, model, torch_model, source, folder, Tokenizer(folder / "tokenizer.json"))


def engine_of(served: Served, folder: Path | None = None) -> OnnxEngine | Seq2SeqEngine:
    folder = folder or served.folder
    if served.kind in PAIRS:
        return Seq2SeqEngine(
            folder, served.kind, marks_of(served.tokenizer), num_threads=1, context_length=NUM_POSITIONS
        )
    return OnnxEngine(
        folder / "graph.onnx", served.kind, num_threads=1, context_length=NUM_POSITIONS, open_session=open_growing
    )


def prompts_of(served: Served) -> list[tuple[int, ...]]:
    """Places in code, cut to what a small model has room for, as the model's family writes them."""
    from fimble.prompt.templates import FAMILIES, Part

    random, made = np.random.default_rng(7), list[tuple[int, ...]]()
    texts = [sample.prefix + sample.suffix for sample in VERIFICATION if len(sample.prefix) > 80]
    for number in range(NUM_PROMPTS):
        text = texts[number % len(texts)]
        place = int(random.integers(20, len(text)))
        parts = {
            Part.PREFIX: served.tokenizer.encode(text[:place])[-int(random.integers(5, MAX_PART_TOKENS)) :],
            Part.SUFFIX: served.tokenizer.encode(text[place:])[:MAX_PART_TOKENS],
        }
        prompt: list[int] = []
        for part in FAMILIES[served.model.family].parts:
            marks = parts[part] if isinstance(part, Part) else [served.tokenizer.token_id(part)]
            prompt += [mark for mark in marks if mark is not None]
        prompt += served.tokenizer.encode(text[place : place + int(random.integers(0, 8))])
        made.append(tuple(prompt))
    return made


def generated(served: Served, prompt: Sequence[int], end: int | None = None) -> list[int]:
    """transformers' own greedy answer, its end mark left out."""
    import torch

    options: dict[str, Any] = {"max_new_tokens": NUM_TOKENS, "do_sample": False, "eos_token_id": end, "pad_token_id": 0}
    read = prompt
    if served.kind in PAIRS:
        marks = marks_of(served.tokenizer)
        source, begun = marks.split(prompt)
        read, options["decoder_input_ids"] = source, torch.tensor([begun])
    ids = torch.tensor([list(read)])
    with torch.inference_mode():
        tokens = served.torch_model.generate(ids, attention_mask=torch.ones_like(ids), **options)[0].tolist()
    answer: list[int] = tokens[len(begun if served.kind in PAIRS else prompt) :]
    return answer[: answer.index(end)] if end in answer else answer


def answered(engine: OnnxEngine | Seq2SeqEngine, prompt: Sequence[int], end: int | None = None) -> list[int]:
    stops = frozenset() if end is None else frozenset((end,))
    return [token.id for token in engine.generate(GenerateRequest(tuple(prompt), NUM_TOKENS, stop_tokens=stops))]


def test_fifty_prompts_are_answered_as_transformers_answers_them(served: Served) -> None:
    """One engine for all: what it kept of earlier prompts is used, and changes nothing."""
    engine, prompts = engine_of(served), prompts_of(served)
    assert len({*prompts}) == NUM_PROMPTS
    expected = [generated(served, prompt) for prompt in prompts]
    assert sum(len(set(answer)) > NUM_TOKENS // 3 for answer in expected) > NUM_PROMPTS * 0.6, "the model is too dull"
    assert [answered(engine, prompt) for prompt in prompts] == expected
    for number, prompt in enumerate(prompts[::5]):  # and again, in parts that were answered before
        assert answered(engine, prompt) == expected[number * 5]
    engine.close()


def test_an_end_mark_ends_an_answer_where_it_does_there(served: Served) -> None:
    engine, prompt = engine_of(served), prompts_of(served)[3]
    end = generated(served, prompt)[NUM_TOKENS // 2]
    assert answered(engine, prompt, end) == generated(served, prompt, end)
    engine.close()


def test_probabilities_are_those_of_transformers(served: Served) -> None:
    import torch

    engine, prompt = engine_of(served), prompts_of(served)[5]
    answer = generated(served, prompt)
    with torch.inference_mode():
        if served.kind in PAIRS:
            source, begun = marks_of(served.tokenizer).split(prompt)
            logits = served.torch_model(
                input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([[*begun, *answer[:-1]]])
            ).logits
        else:
            logits = served.torch_model(torch.tensor([[*prompt, *answer[:-1]]])).logits
    rows = torch.log_softmax(logits[0, -len(answer) :], -1)
    expected = [float(row[token]) for row, token in zip(rows, answer, strict=True)]
    np.testing.assert_allclose(engine.logprobs(prompt, answer), expected, atol=1e-3)
    engine.close()


@pytest.mark.parametrize("served", list(PAIRS), indirect=True)
def test_an_instruction_is_read_whole_and_answered_from_the_start(served: Served) -> None:
    """A template that ends with the end mark leaves no hole: so summaries and translations are asked for."""
    import torch

    begin = "" if served.kind == "t5" else "<s>"
    prompts = ChatPrompts(begin + "summarize: {{ messages[-1]['content'] }}</s>", served.tokenizer)
    engine = engine_of(served)
    for sample in VERIFICATION[:10]:
        prompt = prompts.prompt((Message(Role.USER, sample.prefix[-300:]),))
        assert prompt[-1] == served.tokenizer.token_id("</s>")
        ids = torch.tensor([prompt])
        with torch.inference_mode():
            tokens = served.torch_model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=NUM_TOKENS, do_sample=False, eos_token_id=None
            )
        assert answered(engine, prompt) == tokens[0].tolist()[1:]
    engine.close()


def test_the_manifest_says_what_the_model_is(served: Served) -> None:
    found = manifest.load(served.folder)
    config = json.loads((served.source / "config.json").read_text(encoding="utf-8"))
    assert (found.architecture, found.model, found.precision) == (config["model_type"], served.kind, "fp32")
    assert found.is_growing
    assert found.prompt_family == served.model.family
    assert found.end_tokens == (config["eos_token_id"],)
    assert (served.folder / "tokenizer.json").read_bytes() == (served.source / "tokenizer.json").read_bytes()
    if served.kind in DECODERS:
        session = GrowingSession(served.folder / "graph.onnx")
        assert (found.num_layers, found.num_kv_heads, found.head_dim) == (
            session.layout.num_layers,
            session.layout.num_kv_heads,
            session.layout.head_dim,
        )
        assert found.vocabulary_size == session.vocabulary_size == config["vocab_size"]


def test_what_transformers_records_is_what_the_graph_says(served: Served) -> None:
    """The road of ``fimble models add``: references from the source, the runner that every command uses."""
    from fimble.cli.wiring import runner_for

    references = record(served.source, VERIFICATION[:3])
    assert references
    num_logits = len(references[0].next_tokens)
    report = verify(runner_for(served.folder, manifest.load(served.folder), num_logits), references)
    assert report.divergence < 1e-5


def test_in_eight_bits_it_says_nearly_the_same(served: Served, tmp_path: Path) -> None:
    """How near is ``verify``'s business: random weights bear less than learned ones."""
    from fimble.cli.wiring import runner_for

    made = narrow(served.folder, tmp_path / "int8", lambda stage, share: None)
    assert manifest.load(tmp_path / "int8") == made
    assert (made.precision, made.is_growing, made.prompt_family) == ("int8", True, served.model.family)
    assert made.num_bytes < manifest.load(served.folder).num_bytes * 0.8
    if served.kind in PAIRS:  # random attention without a scale is too sharp to compare what comes of it
        source = marks_of(served.tokenizer).split(prompts_of(served)[0])[0]
        exact, coarse = (Seq2SeqSession(place, 1).encode(source).states for place in (served.folder, tmp_path / "int8"))
        # what has nothing to do with it is as far away as it is large; a vocabulary is never trained twice alike
        assert 0 < np.abs(exact - coarse).mean() < 0.5 * np.abs(exact).mean()
    else:
        references = record(served.source, VERIFICATION[:3])
        report = measure(runner_for(tmp_path / "int8", made, len(references[0].next_tokens)), references)
        assert report.agreement > 0.7
        assert report.divergence < 0.2
    engine, prompt = engine_of(served, tmp_path / "int8"), prompts_of(served)[2]
    first = answered(engine, prompt)
    engine.forget()
    assert answered(engine, prompt) == first
    engine.close()
