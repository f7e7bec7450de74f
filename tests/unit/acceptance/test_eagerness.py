from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fimble.acceptance.eagerness import MAX_ADJUSTMENT, Bucket, adjustment, buckets
from fimble.acceptance.records import Ending, Record, Surface

SHOWN = st.builds(
    lambda sure, shown, share: Bucket(sure, shown, shown * share), st.floats(0, 1), st.integers(1, 300), st.floats(0, 1)
)
RECORD = Record(Surface.INLINE, "python", Ending.ACCEPTED, 10, 10, 0.6, 5.0, 1.0)


def test_without_data_nothing_changes() -> None:
    assert adjustment([]) == 0.0


def test_whoever_takes_a_third_of_what_is_fairly_sure_is_the_measure() -> None:
    assert abs(adjustment([Bucket(0.6, 200, 66)])) < 0.005


def test_whoever_takes_nothing_sees_less_and_whoever_takes_all_sees_more() -> None:
    assert adjustment([Bucket(0.6, 200, 0)]) == MAX_ADJUSTMENT
    assert adjustment([Bucket(0.6, 200, 200)]) == -MAX_ADJUSTMENT


def test_few_records_say_little() -> None:
    assert 0 < adjustment([Bucket(0.6, 3, 0)]) < 0.01


@given(st.lists(SHOWN, max_size=10))
def test_it_is_bounded(counts: list[Bucket]) -> None:
    assert -MAX_ADJUSTMENT <= adjustment(counts) <= MAX_ADJUSTMENT


@given(st.lists(SHOWN, min_size=1, max_size=10))
def test_wanting_more_never_raises_the_threshold(counts: list[Bucket]) -> None:
    first, *others = counts
    assert adjustment([replace(first, num_wanted=first.num_shown), *others]) <= adjustment(counts)


def test_only_inline_suggestions_that_were_decided_on_count() -> None:
    records = [
        RECORD,
        replace(RECORD, ending=Ending.TYPED, kept_share=None),
        replace(RECORD, ending=Ending.REJECTED, kept_share=None),
        replace(RECORD, kept_share=0.1),
        replace(RECORD, ending=Ending.WITHDRAWN),
        replace(RECORD, surface=Surface.POPUP),
        replace(RECORD, confidence=1.0),
    ]
    low, high = buckets(records)
    assert (round(low.confidence, 6), low.num_shown, low.num_wanted) == (0.6, 4, 1.5)
    assert high == Bucket(1.0, 1, 1.0)
