"""What a keystroke feels of the engine: how soon a cancelled request frees it, what shared tokens save."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from fimble.engine.base import CancelToken, GenerateRequest
from fimble.engine.onnx import OnnxEngine
from fimble.errors import EngineCancelled

NUM_CANCELS = 100
NUM_NEW_TOKENS = 16
NUM_REUSES = 5
SHARED_SHARE = 0.95


def measure_cancel(engine: OnnxEngine, tokens: Sequence[int], seed: int = 11) -> dict[str, float]:
    """Milliseconds from a cancellation, at a random moment of a request, until the engine is free."""
    random_moments = random.Random(seed)
    started = time.perf_counter()
    engine.slots.clear()
    _answer(engine, tokens, NUM_NEW_TOKENS)
    whole_s = time.perf_counter() - started
    delays: list[float] = []
    for _ in range(2 * NUM_CANCELS):
        if len(delays) == NUM_CANCELS:
            break
        engine.slots.clear()
        cancel, cancelled_at = CancelToken(), [0.0]

        def fire(cancel: CancelToken = cancel, cancelled_at: list[float] = cancelled_at) -> None:
            cancelled_at[0] = time.perf_counter()
            cancel.cancel()

        timer = threading.Timer(random_moments.uniform(0, 0.9 * whole_s), fire)
        timer.start()
        try:
            _answer(engine, tokens, NUM_NEW_TOKENS, cancel)
        except EngineCancelled:
            delays.append((time.perf_counter() - cancelled_at[0]) * 1e3)
        timer.cancel()
    delays.sort()
    return {
        "p50": round(median(delays), 2),
        "p99": round(delays[len(delays) * 99 // 100 - 1], 2),
        "max": round(delays[-1], 2),
    }


def measure_reuse(engine: OnnxEngine, tokens: Sequence[int]) -> dict[str, Any]:
    """Time to the first token: cold, with 95 % of the prompt shared, and with the same prompt again."""
    num_shared = int(len(tokens) * SHARED_SHARE)
    first: list[float] = []
    shared: list[float] = []
    repeated: list[float] = []
    num_reused = 0
    for number in range(NUM_REUSES):
        engine.slots.clear()
        first.append(_answer(engine, tokens, 1)[0])
        changed = [*tokens[:num_shared], *(token + 1 + number for token in tokens[num_shared:])]
        milliseconds, num_reused = _answer(engine, changed, 1)
        shared.append(milliseconds)
        repeated.append(_answer(engine, changed, 1)[0])
    return {
        "num_prompt_tokens": len(tokens),
        "num_reused_tokens": num_reused,
        "first_ms": round(median(first), 1),
        "shared_95_percent_ms": round(median(shared), 1),
        "repeated_ms": round(median(repeated), 1),
        "ratio": round(median(a / b for a, b in zip(shared, first, strict=True)), 4),
    }


def _answer(
    engine: OnnxEngine, prompt: Sequence[int], max_tokens: int, cancel: CancelToken | None = None
) -> tuple[float, int]:
    """Milliseconds to the end of a short answer, and how many prompt tokens were reused."""
    started = time.perf_counter()
    generation = engine.generate(GenerateRequest(tuple(prompt), max_tokens), cancel)
    for _ in generation:
        pass
    return (time.perf_counter() - started) * 1e3, generation.stats.num_reused_tokens
