"""Speculation and token healing on the real model, over real Python text."""

from __future__ import annotations

import heapq
import inspect
import queue
import textwrap
from collections.abc import Iterator

import pytest

from fimble.cli.wiring import LoadedEngine, load_engine
from fimble.config import Config
from fimble.engine.base import GenerateRequest
from fimble.engine.onnx import OnnxEngine
from tests.e2e.holes import hole
from tests.unit.engine.oracle import assert_equals_recompute, assert_same_outside_margin

MARGIN = 0.6
"""In logits, as in ``test_engine_real``: runs of one row and of several differ by rounding."""
NUM_NEW = 32


@pytest.fixture(scope="module")
def loaded(default_model: str) -> Iterator[LoadedEngine]:
    result = load_engine(Config(provider="cpu"))
    yield result
    result.engine.close()


def holes(loaded: LoadedEngine) -> list[tuple[tuple[int, ...], str]]:
    return [
        hole(loaded, inspect.getsource(module), share) for module in (heapq, textwrap, queue) for share in (0.35, 0.75)
    ]


def tokens_of(engine: OnnxEngine, request: GenerateRequest, max_draft_tokens: int) -> list[int]:
    before, engine.max_draft_tokens = engine.max_draft_tokens, max_draft_tokens
    try:
        return [token.id for token in engine.generate(request)]
    finally:
        engine.max_draft_tokens = before


def test_answers_are_the_same_with_speculation_and_without(loaded: LoadedEngine) -> None:
    engine, num_clear, num_accepted = loaded.decoder, 0, 0
    for prompt, _ in holes(loaded):
        plain = tokens_of(engine, GenerateRequest(prompt, NUM_NEW), 0)
        generation = engine.generate(GenerateRequest(prompt, NUM_NEW))
        drafted = [token.id for token in generation]
        num_accepted += generation.stats.num_accepted_draft_tokens
        num_clear += assert_equals_recompute(engine, prompt, drafted, MARGIN)
        assert_same_outside_margin(engine, prompt, plain, drafted, MARGIN)
    assert num_clear > 100
    assert num_accepted > 30


def test_a_suggestion_that_was_typed_over_is_told_again_in_few_runs(loaded: LoadedEngine) -> None:
    engine = loaded.decoder
    prompt, _ = holes(loaded)[2]
    plain = tokens_of(engine, GenerateRequest(prompt, NUM_NEW), 0)
    rejected = (*plain[:8], plain[8] + 1, *plain[9:])
    generation = engine.generate(GenerateRequest(prompt, NUM_NEW, drafts=(rejected,)))
    drafted = [token.id for token in generation]
    assert_same_outside_margin(engine, prompt, plain, drafted, MARGIN)
    assert generation.stats.num_accepted_draft_tokens >= 6


def test_a_half_typed_line_is_healed(loaded: LoadedEngine) -> None:
    """The answer begins with what was typed, and is the model's own where it begins so by itself."""
    engine, tokenizer = loaded.decoder, loaded.tokenizer
    for prompt, line in holes(loaded)[:4]:
        for required in (line[:7], line[: len(line) // 2 + 1][:16]):
            constraint = tokenizer.begins_with(required)
            request = GenerateRequest(prompt, 20, constraint=constraint)
            tokens = tokens_of(engine, request, 7)
            assert tokenizer.decode(tokens).startswith(required)
            assert_equals_recompute(engine, prompt, tokens, MARGIN, constraint)
            free = tokens_of(engine, GenerateRequest(prompt, 20), 7)
            if tokenizer.decode(free).startswith(required):
                assert_same_outside_margin(engine, prompt, free, tokens, MARGIN)


def test_the_vocabulary_spells_real_text(loaded: LoadedEngine) -> None:
    text = inspect.getsource(textwrap) + "\r\n\tδ = '漢字 🎉'  # <|fim_middle|>\n"
    vocabulary = loaded.tokenizer.vocabulary
    assert vocabulary.text_bytes(loaded.tokenizer.encode(text)).decode() == text
    assert len(vocabulary) == 151643
