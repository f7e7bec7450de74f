"""What checking several guessed tokens in one run gains: the same answers with it and without, in turns.

Requests are greedy continuations at holes in real source files, prompted as an editor's are. Each
prompt is prefilled first; then both answer it, one behind the other, the first of them drawn, so
that a machine whose speed drifts is equally unfair to both.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from fimble.bench.spans import Span
from fimble.engine.base import GenerateRequest, GenerationStats
from fimble.engine.onnx import OnnxEngine
from fimble.engine.speculate import Experience
from fimble.engine.tokenizer import Tokenizer
from fimble.prompt.build import bind
from fimble.prompt.templates import Family

PROMPT_TOKENS = 1024
MAX_NEW_TOKENS = 64
TARGET_RATIO = 1.5


@dataclass(slots=True)
class _Side:
    """One way of decoding, over all requests."""

    times_s: list[float] = field(default_factory=list)
    answers: list[list[int]] = field(default_factory=list)
    stats: list[GenerationStats] = field(default_factory=list)

    @property
    def num_tokens(self) -> int:
        return sum(map(len, self.answers))

    @property
    def tokens_per_s(self) -> float:
        return self.num_tokens / sum(self.times_s)


def requests_at(
    spans: Sequence[Span],
    tokenizer: Tokenizer,
    family: Family,
    prompt_tokens: int = PROMPT_TOKENS,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> list[GenerateRequest]:
    """A greedy request at each hole, prompted and healed as an editor's; it ends where the model ends it.

    Raises ``ModelFolderInvalid`` when the vocabulary lacks a token that the family needs.
    """
    prompts = bind(family, tokenizer)
    result = []
    for span in spans:
        cursor = span.cursor
        anchor = prompts.anchor(cursor, prompt_tokens)
        prompt = prompts.prompt(anchor, cursor.snapshot.text[anchor.end : cursor.offset])
        result.append(
            GenerateRequest(
                prompt.tokens,
                max_new_tokens,
                prompts.stop_tokens,
                constraint=tokenizer.begins_with(prompt.required) if prompt.required else None,
            )
        )
    return result


def measure(
    engine: OnnxEngine,
    requests: Sequence[GenerateRequest],
    seed: int = 11,
    on_request: Callable[[int], None] = lambda number: None,
) -> dict[str, Any]:
    """Answer each request with speculation and without it; figures that can be written as JSON.

    ``decode_tokens_per_s`` counts every token of the answers, from the moment when the prompt is in the cache.
    """
    draw, max_draft_tokens = random.Random(seed), engine.max_draft_tokens
    plain, drafted = _Side(), _Side()
    engine.experience = Experience(row_cost=engine.experience.row_cost)
    try:
        for number, request in enumerate(requests):
            on_request(number)
            engine.slots.clear()
            for _ in engine.generate(GenerateRequest(request.prompt, 0)):
                pass
            sides = [(plain, 0), (drafted, max_draft_tokens)]
            draw.shuffle(sides)
            for side, engine.max_draft_tokens in sides:
                _answer(engine, request, side)
    finally:
        engine.max_draft_tokens = max_draft_tokens
    return _figures(plain, drafted)


def _answer(engine: OnnxEngine, request: GenerateRequest, side: _Side) -> None:
    started = time.perf_counter()
    generation = engine.generate(request)
    side.answers.append([token.id for token in generation])
    side.times_s.append(time.perf_counter() - started)
    side.stats.append(generation.stats)


def _figures(plain: _Side, drafted: _Side) -> dict[str, Any]:
    ratios = [
        (len(with_it) / with_s) / (len(without) / without_s)
        for with_it, with_s, without, without_s in zip(
            drafted.answers, drafted.times_s, plain.answers, plain.times_s, strict=True
        )
        if with_it and without
    ]
    num_drafted = sum(stats.num_drafted_tokens for stats in drafted.stats)
    num_accepted = sum(stats.num_accepted_draft_tokens for stats in drafted.stats)
    num_runs = sum(stats.num_generated_tokens - stats.num_accepted_draft_tokens for stats in drafted.stats)
    same = sum(a == b for a, b in zip(plain.answers, drafted.answers, strict=True))
    return {
        "num_requests": len(plain.answers),
        "num_tokens": drafted.num_tokens,
        "decode_tokens_per_s": round(drafted.tokens_per_s, 1),
        "decode_tokens_per_s_without": round(plain.tokens_per_s, 1),
        "ratio": round(drafted.tokens_per_s / plain.tokens_per_s, 3),
        "ratio_median": round(median(ratios), 3) if ratios else 0.0,
        "ratio_lowest": round(min(ratios), 3) if ratios else 0.0,
        "num_drafted_tokens": num_drafted,
        "num_accepted_draft_tokens": num_accepted,
        "accepted_share": round(num_accepted / max(1, num_drafted), 3),
        "tokens_per_run": round(drafted.num_tokens / max(1, num_runs), 2),
        "same_answer_share": round(same / max(1, len(plain.answers)), 4),
        "target_ratio": TARGET_RATIO,
    }
