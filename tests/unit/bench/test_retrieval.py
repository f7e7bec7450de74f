"""Ranks as numbers, worked out by hand."""

from __future__ import annotations

import math

import pytest

from fimble.bench.retrieval import Ranks, gain


def test_what_ranks_come_to() -> None:
    found = Ranks((1, 2, 4, 20)).to_json()
    assert found == {"mrr": 0.45, "recall_at_1": 0.25, "recall_at_5": 0.75, "recall_at_10": 0.75}


def test_a_rank_at_the_depth_counts() -> None:
    assert [Ranks((5,)).recall(depth) for depth in (4, 5, 6)] == [0, 1, 1]


def test_no_queries_come_to_nothing() -> None:
    assert Ranks(()).to_json() == {"mrr": 0, "recall_at_1": 0, "recall_at_5": 0, "recall_at_10": 0}


def test_a_gain_is_told_query_by_query() -> None:
    # 1 - 1/2, 1/2 - 1/2, 1/4 - 1/2
    found = gain(Ranks((1, 2, 4)), Ranks((2, 2, 2)))
    mean = (0.5 + 0 - 0.25) / 3
    variance = ((0.5 - mean) ** 2 + mean**2 + (0.25 + mean) ** 2) / 2
    assert found["mrr"] == round(mean, 4)
    assert found["half_interval_95"] == pytest.approx(1.96 * math.sqrt(variance / 3), abs=1e-4)


def test_a_gain_that_is_the_same_everywhere_is_certain() -> None:
    assert gain(Ranks((1, 1)), Ranks((2, 2))) == {"mrr": 0.5, "half_interval_95": 0}
    assert gain(Ranks((3, 7)), Ranks((3, 7))) == {"mrr": 0, "half_interval_95": 0}
    assert gain(Ranks((1,)), Ranks((4,))) == {"mrr": 0.75, "half_interval_95": 0}


def test_only_the_same_queries_can_be_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        gain(Ranks((1, 2)), Ranks((1,)))
