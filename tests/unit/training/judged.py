"""Examples and scores to judge with."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.training.evaluate import Scored
from fimble.training.records import Example, Kind, Split


def hole(middle: str = "return a", prefix: str = "def f(a):\n    ", suffix: str = "\n", path: str = "f.py") -> Example:
    return Example(Kind.FIM, Split.TEST, path, "python", "line", prefix, suffix, middle)


def scored(loss: float = 1.0, is_exact: bool = False, answer: str = "return b") -> Scored:
    return Scored(is_exact, 1.0 if is_exact else 0.5, loss, 3, answer)


def losses(values: Sequence[float], exact: int = 0) -> list[Scored]:
    """One score a loss, the first ``exact`` of them exact."""
    return [scored(loss, number < exact) for number, loss in enumerate(values)]
