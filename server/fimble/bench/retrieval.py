"""How high a search ranks the one right answer of each query."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DEPTHS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Ranks:
    """Of the right answer, one a query; 1 is the top. What ranks alike counts against it."""

    ranks: tuple[int, ...]

    @property
    def reciprocal(self) -> list[float]:
        return [1 / rank for rank in self.ranks]

    def to_json(self) -> dict[str, Any]:
        """``mrr`` and ``recall_at_k``, 0 to 1."""
        shares = {f"recall_at_{depth}": self.recall(depth) for depth in DEPTHS}
        return {"mrr": round(_mean(self.reciprocal), 4), **shares}

    def recall(self, depth: int) -> float:
        """Share of the queries whose answer is among the first ``depth``."""
        return round(_mean([float(rank <= depth) for rank in self.ranks]), 4)


def gain(better: Ranks, base: Ranks) -> dict[str, float]:
    """What ``better`` has over ``base`` in mean reciprocal rank, query by query, with half a 95 % interval."""
    differences = [one - other for one, other in zip(better.reciprocal, base.reciprocal, strict=True)]
    mean = _mean(differences)
    variance = sum((one - mean) ** 2 for one in differences) / max(len(differences) - 1, 1)
    return {"mrr": round(mean, 4), "half_interval_95": round(1.96 * math.sqrt(variance / len(differences)), 4)}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
