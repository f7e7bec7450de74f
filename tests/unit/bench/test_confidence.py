"""Confidence: what is fitted says what really happens, and the report shows when it does not."""

from __future__ import annotations

import math
import random

import pytest

from fimble.bench.confidence import Case, fit, report
from fimble.suggest.confidence import WEIGHTS, confidence, features, threshold


def cases(num: int, seed: int = 1) -> list[Case]:
    """Suggestions that are right as often as the mean probability of their tokens says."""
    draw = random.Random(seed)
    made = []
    for _ in range(num):
        logprobs = tuple(-draw.expovariate(1.5) for _ in range(draw.randint(2, 9)))
        line = "x" * draw.randint(4, 40)
        made.append(Case(logprobs, line, draw.random() < math.exp(sum(logprobs) / len(logprobs))))
    return made


def test_what_is_fitted_holds_for_others_of_the_kind() -> None:
    weights = fit(cases(2000))
    found = report(cases(2000, seed=2), weights)
    assert found["calibration_error"] < 0.05 and found["auc"] > 0.6
    assert [chosen["promised"] for chosen in found["bins"]] == sorted(chosen["promised"] for chosen in found["bins"])


def test_weights_that_promise_too_much_are_found_out() -> None:
    boastful = (6.0, 0.0, 0.0, 0.0, 0.0)
    assert report(cases(500), boastful)["calibration_error"] > 0.3


@pytest.mark.parametrize("logprobs", [(), (0.0,), (-50.0, -1e9), (-0.1, -0.2, -0.3)])
def test_confidence_is_a_probability(logprobs: tuple[float, ...]) -> None:
    assert 0.0 <= confidence(logprobs, "x = 1") <= 1.0
    assert len(features(logprobs, "x = 1")) == len(WEIGHTS)


def test_a_surer_model_is_believed_more() -> None:
    assert confidence((-0.01, -0.01), "x = 1") > confidence((-2.0, -0.01), "x = 1") > confidence((-6.0, -3.0), "x = 1")


def test_eagerness_lowers_the_bar_to_nothing() -> None:
    bars = [threshold(eagerness) for eagerness in range(101)]
    assert bars == sorted(bars, reverse=True) and bars[100] == 0.0 and bars[50] == pytest.approx(0.15)
    assert threshold(100, 0.1) == 0.0, "everything means everything"
