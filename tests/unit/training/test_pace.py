"""A run with a time limit plans its steps so that the learning rate comes to its end with the time."""

from __future__ import annotations

import pytest
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from fimble.training.pace import Pace

STEPS = [1000] * 200


def test_the_rate_goes_up_in_a_line_and_down_to_nothing() -> None:
    pace = Pace(100, warmup=0.1)
    factors = [pace(step) for step in range(101)]
    assert factors[:10] == pytest.approx([0.1 * n for n in range(1, 11)])
    assert max(factors) == 1.0
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[100] == pytest.approx(0.0)
    assert all(0 <= pace(step) <= 1 for step in range(300))


def simulated(limit_seconds: float, step_seconds: float, validation_seconds: float = 0.0) -> Pace:
    """Run the plan against a clock of its own; a tenth of the planned steps between validations."""
    pace = Pace(len(STEPS), 0.05, limit_seconds)
    pace.validation_seconds = validation_seconds
    pace.seconds = validation_seconds
    step = last_validation = 0
    while step < pace.num_steps and not pace.is_over:
        step += 1
        pace.seconds += step_seconds
        if step > 1:
            pace.measured(STEPS[step - 1], step_seconds)
        pace.plan(step, STEPS, num_validations=max(1, round(10 * (1 - step / pace.num_steps))))
        if step - last_validation >= pace.num_steps / 10:
            last_validation, pace.seconds = step, pace.seconds + validation_seconds
    assert step == pace.num_steps
    return pace


@pytest.mark.parametrize(("step_seconds", "validation_seconds"), [(1.0, 0.0), (3.0, 5.0), (0.9, 4.0)])
def test_the_steps_fill_the_time_and_do_not_exceed_it(step_seconds: float, validation_seconds: float) -> None:
    pace = simulated(100.0, step_seconds, validation_seconds)
    assert 70 < pace.seconds <= 101
    assert pace.num_steps < len(STEPS)


def test_a_limit_that_is_far_changes_nothing() -> None:
    assert simulated(10_000, 1.0).num_steps == len(STEPS)


def test_without_a_limit_all_steps_are_made() -> None:
    pace = simulated(0.0, 1.0)
    assert pace.num_steps == len(STEPS)
    assert pace.seconds_left(150, STEPS, 0) == pytest.approx(50)


def test_a_machine_that_becomes_slower_gets_fewer_steps() -> None:
    pace = Pace(len(STEPS), 0.05, 100.0)
    for _ in range(3):
        pace.measured(1000, 1.0)
    pace.seconds = 3.0
    pace.plan(3, STEPS, 0)
    before = pace.num_steps
    for _ in range(20):
        pace.measured(1000, 3.0)
    pace.seconds = 63.0
    pace.plan(23, STEPS, 0)
    assert 23 < pace.num_steps < before


def test_it_comes_back_with_the_schedulers_state() -> None:
    import torch

    def scheduler(pace: Pace) -> LambdaLR:
        return LambdaLR(SGD([torch.zeros(1, requires_grad=True)], lr=1.0), pace)

    pace = Pace(50, 0.1, 60.0)
    state = scheduler(pace)
    pace.seconds, pace.num_steps = 12.5, 40
    other = Pace(50, 0.1, 60.0)
    scheduler(other).load_state_dict(state.state_dict())
    assert vars(other) == vars(pace)


def test_validations_take_no_more_of_the_time_than_their_share() -> None:
    pace = Pace(100, 0.05, limit_seconds=2000)
    assert pace.num_validations(10, 0.15) == 10, "nothing is measured yet"
    pace.validation_seconds = 120
    assert pace.num_validations(10, 0.15) == 2
    pace.seconds = 1990
    assert pace.num_validations(10, 0.15) == 1
    assert Pace(100, 0.05).num_validations(10, 0.15) == 10
