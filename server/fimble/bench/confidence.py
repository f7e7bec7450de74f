"""What confidence is worth: its weights fitted on one set of spans, its reliability shown on another.

A suggestion is right when its first line is the line that really stood there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fimble.bench.spans import Span
from fimble.engine.base import CancelToken
from fimble.features.tuned import TunedInline
from fimble.scoring import first_line
from fimble.suggest.confidence import WEIGHTS, confidence, features

NUM_BINS = 5
_RIDGE = 1e-2
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Case:
    """One suggestion and whether it was right."""

    logprobs: tuple[float, ...]
    line: str
    is_right: bool


def collect(feature: TunedInline, spans: Iterable[Span]) -> list[Case]:
    """Ask at every span; ``feature`` must show everything (eagerness 100), and the first answer (not thorough).

    Spans without a suggestion give no case.
    """
    cases: list[Case] = []
    for span in spans:
        outcome = feature.suggest(span.cursor, CancelToken())
        if outcome.suggestions:
            suggestion = outcome.suggestions[0]
            line = first_line(suggestion.text)
            cases.append(Case(suggestion.line_logprobs, line, line == first_line(span.expected)))
        feature.forget(span.cursor.snapshot.uri)
    return cases


def fit(cases: Sequence[Case]) -> tuple[float, ...]:
    """Weights of a logistic regression with a small ridge, by Newton's method."""
    inputs, right = _matrix(cases)
    weights = np.zeros(inputs.shape[1])
    ridge = _RIDGE * len(cases) * np.eye(inputs.shape[1])
    ridge[0, 0] = 0.0
    for _ in range(_STEPS):
        sure = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (right - sure) - ridge @ weights
        curvature = inputs.T @ (inputs * (sure * (1 - sure))[:, None]) + ridge
        weights = weights + np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
    return tuple(round(float(weight), 3) for weight in weights)


def report(cases: Sequence[Case], weights: Sequence[float] = WEIGHTS) -> dict[str, Any]:
    """Reliability: in bins of confidence, what was promised and what was right; and the errors over all."""
    sure = np.array([confidence(case.logprobs, case.line, weights) for case in cases])
    right = np.array([case.is_right for case in cases], np.float64)
    bins: list[dict[str, float]] = []
    error = 0.0
    for chosen in np.array_split(np.argsort(sure, kind="stable"), NUM_BINS):
        if len(chosen):
            promised, kept = float(sure[chosen].mean()), float(right[chosen].mean())
            bins.append({"promised": round(promised, 3), "right": round(kept, 3), "num_cases": len(chosen)})
            error += abs(promised - kept) * len(chosen) / len(cases)
    return {
        "num_cases": len(cases),
        "right_share": round(float(right.mean()), 3),
        "calibration_error": round(error, 3),
        "brier": round(float(((sure - right) ** 2).mean()), 3),
        "auc": round(_auc(sure, right), 3),
        "bins": bins,
    }


def _matrix(cases: Sequence[Case]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rows = [features(case.logprobs, case.line) for case in cases]
    return np.array(rows), np.array([case.is_right for case in cases], np.float64)


def _auc(sure: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    """How often a right suggestion was given more confidence than a wrong one; 0.5 is chance."""
    good, bad = sure[right == 1], sure[right == 0]
    if not len(good) or not len(bad):
        return 0.5
    pairs = (good[:, None] > bad).mean() + (good[:, None] == bad).mean() / 2
    return float(pairs)
