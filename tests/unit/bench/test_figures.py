"""The benchmark's JSON shape and its ratios."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.bench.figures import Figures, measure_round, ratios


class Clockwork:
    """Takes a known time for everything."""

    def __init__(self, ms_per_token: float) -> None:
        self.ms_per_token = ms_per_token

    def prefill_ms(self, tokens: Sequence[int]) -> float:
        return len(tokens) * self.ms_per_token

    def decode_ms(self, num_tokens: int) -> float:
        return self.ms_per_token

    def verify_ms(self, tokens: Sequence[int]) -> float:
        return len(tokens) * self.ms_per_token


def figures(ms_per_token: float) -> Figures:
    result = Figures(load_s=1.5, peak_rss_mb=900.0)
    for _ in range(3):
        measure_round([(Clockwork(ms_per_token), result)], range(1024), 32)
    return result


def test_the_shape_that_programs_read() -> None:
    assert figures(2.0).to_json() == {
        "prefill_tokens_per_s": {"512": 500.0, "1024": 500.0},
        "decode_ms": 2.0,
        "verify_ms": {"2": 4.0, "4": 8.0, "8": 16.0},
        "load_s": 1.5,
        "peak_rss_mb": 900.0,
    }


def test_ratios_read_faster_above_one_for_speed_and_below_one_for_time() -> None:
    result = ratios(figures(1.0), figures(4.0))
    assert result["prefill_1024_speed"] == 4.0
    assert result["decode_time"] == result["verify_8_time"] == 0.25
