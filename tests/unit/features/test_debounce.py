"""When to ask after a key: a pure rule, and a rhythm that is learned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.features.debounce import MAX_DELAY_MS, PAUSE_MS, USUAL_INTERVAL_MS, Rhythm, delay_ms

TIMES = st.floats(0, 1e7)


@given(TIMES, TIMES)
def test_a_delay_is_bounded_and_shorter_than_the_time_between_keys(interval_ms: float, answer_ms: float) -> None:
    delay = delay_ms(interval_ms, answer_ms)
    assert 0 <= delay <= MAX_DELAY_MS
    assert delay <= interval_ms


@given(TIMES, TIMES, TIMES)
def test_a_slower_engine_never_waits_less(interval_ms: float, one_ms: float, other_ms: float) -> None:
    assert delay_ms(interval_ms, min(one_ms, other_ms)) <= delay_ms(interval_ms, max(one_ms, other_ms))


@pytest.mark.parametrize(("interval_ms", "answer_ms", "waits"), [(200, 50, False), (200, 400, False), (200, 900, True)])
def test_only_a_slow_engine_waits(interval_ms: float, answer_ms: float, waits: bool) -> None:
    assert (delay_ms(interval_ms, answer_ms) > 0) == waits


class Clock:
    """Seconds, told by the test."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def typed(*gaps_ms: float) -> Rhythm:
    clock = Clock()
    rhythm = Rhythm(clock)
    rhythm.key_pressed()
    for gap_ms in gaps_ms:
        clock.now_s += gap_ms / 1000
        rhythm.key_pressed()
    return rhythm


def test_the_first_key_tells_nothing() -> None:
    assert typed().interval_ms == USUAL_INTERVAL_MS


def test_a_rhythm_is_learned() -> None:
    assert typed(*[80] * 60).interval_ms == pytest.approx(80, abs=1)
    assert typed(*[400] * 60).interval_ms == pytest.approx(400, abs=1)


def test_a_pause_is_no_part_of_the_rhythm() -> None:
    assert typed(*[120] * 60, 5000, 3600_000, PAUSE_MS).interval_ms == pytest.approx(120, abs=1)


@given(st.lists(TIMES, max_size=60))
def test_an_interval_stays_within_what_a_key_can_take(gaps_ms: list[float]) -> None:
    assert 0 <= typed(*gaps_ms).interval_ms <= PAUSE_MS


def test_the_rhythm_decides_what_slow_means() -> None:
    hasty, calm = typed(*[60] * 60), typed(*[600] * 60)
    assert hasty.delay_ms(500) > 0
    assert calm.delay_ms(500) == 0


def test_an_edit_storm_makes_no_delay_that_a_person_would_feel() -> None:
    assert typed(*[0.5] * 2000).delay_ms(1000) < 5
