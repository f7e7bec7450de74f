"""Which model is recommended, from figures alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.engine.speed import Speed
from fimble.features.advice import Option, advise, scaled
from fimble.weights.entry import Shape
from fimble.weights.footprint import footprint

SMALL = Shape(358_000_000, 896, 151_936, 6144)
LARGE = Shape(1_310_000_000, 1536, 151_936, 14_336)
PLENTY = {"cpu": 64 * 10**9, "cuda": 24 * 10**9}


def option(
    name: str = "small",
    shape: Shape = SMALL,
    speed: Speed | None = None,
    precision: str = "int8",
    provider: str = "cpu",
) -> Option:
    parameters = shape.layer_parameters + shape.hidden * shape.vocabulary
    return Option(name, precision, provider, parameters, footprint(shape, precision), False, True, speed)


def quick(times: float = 1.0) -> Speed:
    """A small model on a machine with two cores, or one so many times as fast."""
    return Speed(480 * times, 25 / times)


def test_what_is_not_measured_is_scaled_from_what_is_and_says_so() -> None:
    small, large = advise([option(speed=quick()), option("large", LARGE)], PLENTY, 0).rows
    assert (small.is_measured, large.is_measured) == (True, False)
    assert small.speed == quick()
    assert large.speed is not None
    assert large.speed.read_tokens_per_s == pytest.approx(480 * 358 / 1310)
    assert large.speed.write_ms == pytest.approx(
        25 * large.option.footprint.token_bytes / small.option.footprint.token_bytes
    )
    assert small.suggestion_ms == pytest.approx(8 / 480 * 1000 + 12 * 25)
    assert small.action_line_ms == pytest.approx(400 / 480 * 1000 + 16 * 25)


def test_a_model_scaled_to_its_own_size_is_as_fast_as_it_is() -> None:
    same = footprint(LARGE, "int8")
    assert scaled(quick(), same, same) == quick()


def test_the_largest_that_answers_at_once_is_the_one() -> None:
    options = [option(speed=quick(4)), option("large", LARGE)]
    advice = advise(options, PLENTY, 0)
    assert advice.best is not None
    assert (advice.best.option.model, advice.better) == ("large", None)


def test_where_only_the_small_one_is_quick_a_bearable_larger_one_is_named_too() -> None:
    advice = advise([option(speed=quick(1.5)), option("large", LARGE)], PLENTY, 0)
    assert advice.best is not None
    assert advice.better is not None
    assert (advice.best.option.model, advice.better.option.model) == ("small", "large")


def test_one_that_is_too_slow_is_not_named() -> None:
    advice = advise([option(speed=quick(0.8)), option("large", LARGE)], PLENTY, 0)
    assert advice.best is not None
    assert (advice.best.option.model, advice.better) == ("small", None)


def test_what_does_not_fit_into_the_memory_is_never_recommended() -> None:
    options = [option(speed=quick(4)), option("large", LARGE)]
    needed = options[1].footprint.memory_bytes + 10**9
    advice = advise(options, {"cpu": needed}, 10**9)
    assert [row.fits for row in advice.rows] == [True, False]
    assert advice.best is not None
    assert (advice.best.option.model, advice.better) == ("small", None)
    assert advise(options, {"cpu": int(needed / 0.9) + 10}, 10**9).rows[1].fits
    assert advise(options, {"cpu": 10**8}, 10**9).best is None
    assert advise([option(speed=quick(), provider="cuda")], {"cpu": 10**12}, 0).best is None


def test_tiny_models_and_those_that_see_half_are_not_recommended() -> None:
    tiny = option("tiny", Shape(1_000_000, 64, 512, 128), quick(100))
    half = replace(option("half", LARGE, quick(10)), fills_holes=False)
    advice = advise([tiny, half], PLENTY, 0)
    assert advice.best is None
    assert len(advice.rows) == 2


def test_a_device_on_which_nothing_was_measured_has_no_figures() -> None:
    advice = advise([option(speed=quick()), option(precision="fp16", provider="cuda")], PLENTY, 0)
    row = next(row for row in advice.rows if row.option.provider == "cuda")
    assert (row.speed, row.suggestion_ms, row.is_measured) == (None, None, False)
    assert advice.best is not None
    assert advice.best.option.provider == "cpu"


def test_an_estimate_comes_from_the_nearest_measured_model() -> None:
    middle = Shape(1_000_000_000, 1280, 151_936, 10_000)
    options = [option(speed=quick()), option("middle", middle), option("large", LARGE, Speed(1000, 1))]
    row = next(row for row in advise(options, PLENTY, 0).rows if row.option.model == "middle")
    assert row.speed is not None
    assert row.speed.write_ms < 1
