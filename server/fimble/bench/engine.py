"""The engine alone: prefill, decode, verify, load and memory, beside a peer in the same run.

The two take turns at every measurement, so that a machine whose speed drifts is
equally unfair to both.
"""

from __future__ import annotations

import argparse
import inspect
import resource
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from fimble.bench.figures import CONTEXT_TOKENS, Figures, Runner, measure_round, ratios
from fimble.bench.reuse import measure_cancel, measure_reuse
from fimble.engine.base import GenerateRequest
from fimble.engine.cache import KvCache
from fimble.engine.onnx import OnnxEngine

NUM_DECODED = 32
PAUSE_S = 0.2
"""Between the two engines, so that neither's idle threads disturb the other."""


class OnnxRunner:
    """fimble's own engine, driven through its public ``generate`` where that is what is measured."""

    def __init__(self, engine: OnnxEngine) -> None:
        """``engine`` drafts nothing from now on: what is measured is one token at a time, as at the peer's."""
        engine.max_draft_tokens = 0
        self._engine = engine
        self._prompt: tuple[int, ...] = ()

    def prefill_ms(self, tokens: Sequence[int]) -> float:
        self._engine.slots.clear()
        self._prompt = tuple(tokens)
        started = time.perf_counter()
        for _ in self._engine.generate(GenerateRequest(self._prompt, max_tokens=1)):
            pass
        return (time.perf_counter() - started) * 1e3

    def decode_ms(self, num_tokens: int) -> float:
        generation = self._engine.generate(GenerateRequest(self._prompt, max_tokens=num_tokens + 1))
        arrivals = [time.perf_counter() for _ in generation]
        return (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1) * 1e3

    def verify_ms(self, tokens: Sequence[int]) -> float:
        cache: KvCache = self._engine.slots.slots[0].cache
        started = time.perf_counter()
        self._engine.session.run(tokens, cache, len(self._prompt), num_logits=len(tokens))
        return (time.perf_counter() - started) * 1e3


def run(
    load: Callable[[], OnnxEngine],
    encode: Callable[[str], list[int]],
    peer: Callable[[], AbstractContextManager[tuple[Runner, Figures, str]]] | None,
    num_rounds: int,
    on_round: Callable[[int], None],
) -> dict[str, Any]:
    """Measure; returns what ``fimble bench engine --json`` prints."""
    started = time.perf_counter()
    engine = load()
    ours = Figures(load_s=time.perf_counter() - started)
    runner = OnnxRunner(engine)
    tokens = encode(inspect.getsource(argparse))[:CONTEXT_TOKENS]
    result: dict[str, Any] = {"model": engine.info.model, "provider": engine.info.provider}
    if peer is None:
        _rounds([(runner, ours)], tokens, num_rounds, on_round)
    else:
        with peer() as (other, theirs, name):
            _rounds([(runner, ours), (other, theirs)], tokens, num_rounds, on_round)
        result |= {"peer": {"name": name, **theirs.to_json()}, "ratios": ratios(ours, theirs)}
    result |= {"reuse": measure_reuse(engine, tokens), "cancel_ms": measure_cancel(engine, tokens)}
    _fill_cache(engine, tokens)
    ours.peak_rss_mb = peak_rss_mb()
    engine.close()
    return result | ours.to_json()


def peak_rss_mb() -> float:
    """The most memory this process has held, in MB of 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _rounds(
    engines: Sequence[tuple[Runner, Figures]],
    tokens: Sequence[int],
    num_rounds: int,
    on_round: Callable[[int], None],
) -> None:
    measure_round([(runner, Figures()) for runner, _ in engines], tokens, 4)
    for number in range(num_rounds):
        on_round(number)
        measure_round(engines, tokens, NUM_DECODED, PAUSE_S)


def _fill_cache(engine: OnnxEngine, tokens: Sequence[int]) -> None:
    """Run prompts as long as the context until the KV cache is full: the most memory that serving takes."""
    length = engine.info.context_length - 2
    for number in range(engine.slots.max_tokens // length + 1):
        prompt = (tokens[number], *list(tokens) * (length // len(tokens) + 1))[:length]
        for _ in engine.generate(GenerateRequest(prompt, max_tokens=1)):
            pass
