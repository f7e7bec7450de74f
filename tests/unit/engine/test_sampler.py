"""Sampling: greedy, temperature, top-p, and candidates that differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.base import Sampling
from fimble.engine.sampler import Sampler, log_softmax

LOGITS = np.array([0.0, 3.0, 2.0, -1.0], np.float32)


def test_greedy_takes_the_best_and_reports_its_log_probability() -> None:
    token, logprob = Sampler(Sampling(), 0).next(LOGITS)
    assert token == 1
    assert logprob == pytest.approx(float(np.log(np.exp(3.0) / np.exp(LOGITS).sum())), abs=1e-5)


def test_greedy_candidates_start_with_the_nth_best_token() -> None:
    firsts = [Sampler(Sampling(), candidate).first(LOGITS)[0] for candidate in range(4)]
    assert firsts == [1, 2, 0, 3]


def test_temperature_follows_the_distribution() -> None:
    sampler = Sampler(Sampling(temperature=2.0, seed=1), 0)
    counts = np.bincount([sampler.next(LOGITS)[0] for _ in range(4000)], minlength=4) / 4000
    expected = np.exp(log_softmax(LOGITS / 2.0))
    assert np.abs(counts - expected).max() < 0.03


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    sampler = Sampler(Sampling(temperature=1.0, top_p=0.8, seed=1), 0)
    assert {sampler.next(LOGITS)[0] for _ in range(500)} == {1, 2}
    only_best = Sampler(Sampling(temperature=1.0, top_p=0.01, seed=1), 0)
    assert {only_best.next(LOGITS)[0] for _ in range(100)} == {1}


def test_one_seed_one_answer_and_candidates_differ() -> None:
    sampling = Sampling(temperature=1.0, seed=5)

    def draw(candidate: int) -> list[int]:
        sampler = Sampler(sampling, candidate)
        return [sampler.next(LOGITS)[0] for _ in range(50)]

    assert draw(0) == draw(0) != draw(1)


def test_a_constraint_leaves_only_what_it_allows() -> None:
    allowed = np.array([0, 2, 3], np.int64)
    token, logprob = Sampler(Sampling(), 0).next(LOGITS, allowed)
    assert token == 2
    assert logprob == pytest.approx(2.0 - float(np.log(np.exp(LOGITS[allowed]).sum())), abs=1e-5)
    sampler = Sampler(Sampling(temperature=3.0, seed=1), 0)
    assert {sampler.next(LOGITS, allowed)[0] for _ in range(200)} == {0, 2, 3}


def test_candidates_start_with_the_nth_best_allowed_token() -> None:
    allowed = np.array([0, 2], np.int64)
    assert [Sampler(Sampling(), candidate).first(LOGITS, allowed)[0] for candidate in range(4)] == [2, 0, 0, 0]


@given(st.lists(st.floats(-80, 80, width=32), min_size=1, max_size=50))
def test_the_reported_log_probability_equals_log_softmax(values: list[float]) -> None:
    logits = np.array(values, np.float32)
    token, logprob = Sampler(Sampling(), 0).next(logits)
    assert logprob == pytest.approx(float(log_softmax(logits)[token]), abs=1e-4)
    assert logprob <= 0


def test_leaving_out_what_is_never_drawn_changes_nothing() -> None:
    """Against the whole distribution, over a vocabulary as large as a model's."""
    logits = np.random.default_rng(3).normal(0, 4, 50_000).astype(np.float32)
    sampling = Sampling(temperature=0.8, top_p=0.95, seed=2)
    ranked = np.argsort(-logits, kind="stable")
    whole = np.exp(log_softmax(logits / 0.8).astype(np.float64))
    kept = ranked[: int(np.searchsorted(np.cumsum(whole[ranked]), 0.95)) + 1]
    sampler = Sampler(sampling, 0)
    drawn = [sampler.next(logits)[0] for _ in range(3000)]
    assert set(drawn) <= set(kept.tolist())
    share = drawn.count(int(ranked[0])) / len(drawn)
    assert share == pytest.approx(whole[ranked[0]] / whole[kept].sum(), abs=0.04)
