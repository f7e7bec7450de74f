"""How sure the model is, as a probability that means something, and whether that is enough to show.

The model's own probabilities say too much: a line whose every token has 0.9 is right far
less often than a person would think. So a logistic regression turns them into the share of
such lines that were right, fitted on spans of named packages (``bench.confidence``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

WEIGHTS = (2.218, 0.924, 1.508, 1.036, -0.559)
"""Of the features, for the default model; see ``docs/benchmarks.md``, "Confidence"."""
_FLOOR = -12.0


def features(logprobs: Sequence[float], line: str) -> tuple[float, ...]:
    """What the confidence in ``line`` rests on.

    A constant; mean, least and first of its tokens' log-probabilities (natural logs, the line
    break's among them where it was written); the logarithm of the line's length.
    """
    kept = [max(_FLOOR, logprob) for logprob in logprobs] or [_FLOOR]
    return (1.0, sum(kept) / len(kept), min(kept), kept[0], math.log1p(len(line.strip())))


def confidence(logprobs: Sequence[float], line: str, weights: Sequence[float] = WEIGHTS) -> float:
    """Probability, 0 to 1, that ``line``, the first line of a suggestion, is what the person wants."""
    score = sum(weight * value for weight, value in zip(weights, features(logprobs, line), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def threshold(eagerness: int, adjustment: float = 0.0) -> float:
    """The least confidence that is shown: nothing is held back at eagerness 100, most at 0; 0.15 at 50.

    ``adjustment`` is what this person's acceptance adds (``acceptance.eagerness``).
    """
    reluctance = 1 - min(100, max(0, eagerness)) / 100
    return min(0.95, max(0.0, 0.6 * reluctance**2 + (adjustment if reluctance else 0.0)))
