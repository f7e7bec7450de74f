"""The machine's speed, learned from what it did."""

from __future__ import annotations

import pytest

from fimble.engine.base import GenerationStats
from fimble.features.pace import COLD_PREFILL_MS, MIN_COLD_TOKENS, Pace


def read(num_tokens: int, prefill_ms: float, num_reused: int = 0) -> GenerationStats:
    return GenerationStats(
        num_prompt_tokens=num_tokens + num_reused, num_reused_tokens=num_reused, prefill_ms=prefill_ms
    )


def test_a_machine_that_reads_fast_may_read_more_for_the_first_answer() -> None:
    slow, fast = Pace(), Pace()
    for _ in range(40):
        slow.learn_prefill(read(400, 2000.0, num_reused=1000))
        fast.learn_prefill(read(400, 100.0))
    assert slow.prefill_tokens_per_s == pytest.approx(200, rel=0.01)
    assert fast.prefill_tokens_per_s == pytest.approx(4000, rel=0.01)
    assert slow.cold_tokens == MIN_COLD_TOKENS
    assert fast.cold_tokens == pytest.approx(4000 * COLD_PREFILL_MS / 1000, rel=0.01)


def test_it_lies_always_between_what_was_and_what_is_measured() -> None:
    pace = Pace(prefill_tokens_per_s=500)
    for measured in (100, 900, 50, 2000, 1):
        before = pace.prefill_tokens_per_s
        pace.learn_prefill(read(1000, 1000 * 1000 / measured))
        assert min(before, measured) <= pace.prefill_tokens_per_s <= max(before, measured)


def test_a_short_prefill_says_nothing() -> None:
    pace = Pace()
    before = pace.prefill_tokens_per_s
    for stats in (read(3, 0.001), read(0, 0.0, num_reused=500), read(500, 0.0), GenerationStats()):
        pace.learn_prefill(stats)
    assert pace.prefill_tokens_per_s == before


def test_there_is_always_a_window_of_some_size() -> None:
    pace = Pace()
    for _ in range(200):
        pace.learn_prefill(read(100, 1e7))
    assert pace.cold_tokens == MIN_COLD_TOKENS


def test_the_time_of_an_answer_is_learned() -> None:
    pace = Pace(answer_ms=250)
    for _ in range(40):
        pace.learn(GenerationStats(), 800.0)
    assert pace.answer_ms == pytest.approx(800, rel=0.01)
    pace.learn(GenerationStats(), 0.0)
    assert 0 < pace.answer_ms < 800
