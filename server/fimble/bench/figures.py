"""What the engine benchmark reports, for fimble and for its peer alike."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol

PREFILLS = (512, 1024)
"""Prompt lengths, in tokens."""
VERIFIES = (2, 4, 8)
"""How many tokens are run at once to check a draft."""
CONTEXT_TOKENS = 1024
"""Tokens before the ones decoded or verified."""


class Runner(Protocol):
    """An engine under measurement. Times are in milliseconds."""

    def prefill_ms(self, tokens: Sequence[int]) -> float:
        """Process ``tokens`` from an empty cache up to the logits of the last one."""
        ...

    def decode_ms(self, num_tokens: int) -> float:
        """Mean time of one greedy token, ``num_tokens`` of them, behind what was prefilled last."""
        ...

    def verify_ms(self, tokens: Sequence[int]) -> float:
        """Run ``tokens`` at once behind what was prefilled last; logits for each."""
        ...


@dataclass(slots=True)
class Figures:
    """All times of one engine, round by round."""

    load_s: float = 0.0
    peak_rss_mb: float = 0.0
    prefill_ms: dict[int, list[float]] = field(default_factory=lambda: {n: [] for n in PREFILLS})
    decode_ms: list[float] = field(default_factory=list)
    verify_ms: dict[int, list[float]] = field(default_factory=lambda: {n: [] for n in VERIFIES})

    def to_json(self) -> dict[str, Any]:
        """Medians, in the shape that ``fimble bench engine --json`` prints."""
        return {
            "prefill_tokens_per_s": {str(n): round(n / median(ms) * 1e3, 1) for n, ms in self.prefill_ms.items()},
            "decode_ms": round(median(self.decode_ms), 2),
            "verify_ms": {str(n): round(median(ms), 2) for n, ms in self.verify_ms.items()},
            "load_s": round(self.load_s, 2),
            "peak_rss_mb": round(self.peak_rss_mb, 1),
        }


def measure_round(
    engines: Sequence[tuple[Runner, Figures]], tokens: Sequence[int], num_decoded: int, pause_s: float = 0.0
) -> None:
    """One round of every measurement. The engines take turns at each, ``pause_s`` apart.

    So a machine whose speed drifts is equally unfair to all, and none is disturbed by
    another's idle threads.
    """

    for length in PREFILLS:
        for runner, figures in engines:
            time.sleep(pause_s)
            figures.prefill_ms[length].append(runner.prefill_ms(tokens[:length]))
    for runner, figures in engines:
        time.sleep(pause_s)
        figures.decode_ms.append(runner.decode_ms(num_decoded))
    for length in VERIFIES:
        for runner, figures in engines:
            time.sleep(pause_s)
            figures.verify_ms[length].append(runner.verify_ms(tokens[:length]))


def ratios(ours: Figures, theirs: Figures) -> dict[str, float]:
    """Medians of the ratios round by round: prefill in speed (above 1: faster), the rest in time."""
    result = {f"prefill_{n}_speed": _median_ratio(theirs.prefill_ms[n], ours.prefill_ms[n]) for n in PREFILLS}
    result["decode_time"] = _median_ratio(ours.decode_ms, theirs.decode_ms)
    result |= {f"verify_{n}_time": _median_ratio(ours.verify_ms[n], theirs.verify_ms[n]) for n in VERIFIES}
    return result


def _median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    return round(median(a / b for a, b in zip(above, below, strict=True)), 3)
