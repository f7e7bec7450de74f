"""How fast a loaded engine reads and writes, measured in a second or two."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fimble.engine.base import Engine, GenerateRequest

NUM_READ = 256
"""Tokens of the prompt: two of the runs that a long one is read in."""
NUM_WRITTEN = 16
NUM_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians of a few rounds."""

    read_tokens_per_s: float
    """Tokens of a prompt, a second."""
    write_ms: float
    """One token of an answer, behind a prompt of ``NUM_READ``."""


def measure(
    engine: Engine,
    vocabulary: Sequence[int],
    num_rounds: int = NUM_ROUNDS,
    clock_s: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Read prompts that no cache holds, and go on writing. ``vocabulary``: tokens to make them of.

    What the engine kept is not touched; the engine must guess no tokens ahead.
    """
    read_s, write_s = [], []
    for number in range(num_rounds + 1):
        prompt = tuple(vocabulary[(place * (number + 3) + number) % len(vocabulary)] for place in range(NUM_READ))
        begin_s = clock_s()
        arrivals_s = [clock_s() for _ in engine.generate(GenerateRequest(prompt, max_tokens=NUM_WRITTEN + 1))]
        if number:  # the first round touches memory and code for the first time
            read_s.append(arrivals_s[0] - begin_s)
            write_s.append((arrivals_s[-1] - arrivals_s[0]) / (len(arrivals_s) - 1))
    return Speed(NUM_READ / statistics.median(read_s), statistics.median(write_s) * 1000)
