"""How long a run is: its steps, the learning rate along them, and when to look how good the model has become.

With a time limit the number of steps is planned from the measured speed, so that the learning rate comes to its end
when the time does. A plan is part of the scheduler's state, so it comes back with a checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_MEASURED_STEPS = 3
"""Steps before the first plan; the first of a process is slow and is not counted."""
_RESERVE = 0.95
"""Share of the time limit that is planned with: the last checkpoint and the last validation take some, too."""


class Pace:
    """The plan of one run, asked for the factor of the learning rate by torch's ``LambdaLR``.

    Every attribute is a plain number: torch keeps them in the scheduler's state and puts them back.
    """

    def __init__(self, num_steps: int, warmup: float, limit_seconds: float = 0.0) -> None:
        self.num_steps, self.warmup, self.limit_seconds = num_steps, warmup, limit_seconds
        self.seconds = 0.0
        """Spent so far, validations included, in all the processes that the run has had."""
        self.trained_seconds = 0.0
        """Of them in measured steps, and the tokens of those."""
        self.trained_tokens = 0
        self.num_measured = 0
        self.validation_seconds = 0.0
        """What one validation takes."""

    def __call__(self, step: int) -> float:
        """The factor, 0 to 1, of step ``step`` from 0: up in a line, down in half a cosine."""
        num_warm = max(1, math.ceil(self.num_steps * self.warmup))
        if step < num_warm:
            return (step + 1) / num_warm
        share = (step - num_warm) / max(1, self.num_steps - num_warm)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, share)))

    @property
    def tokens_per_second(self) -> float:
        """Trained, validations left out; 0 where nothing is measured yet."""
        return self.trained_tokens / self.trained_seconds if self.trained_seconds else 0.0

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return bool(self.limit_seconds) and self.seconds >= self.limit_seconds

    def num_validations(self, num_wanted: int, share: float) -> int:
        """Of the validations that are wanted on the way, how many fit into ``share`` of the time left; at least 1."""
        if self.limit_seconds and self.validation_seconds:
            left = max(0.0, self.limit_seconds - self.seconds)
            num_wanted = min(num_wanted, int(share * left / self.validation_seconds))
        return max(1, num_wanted)

    def measured(self, tokens: int, seconds: float) -> None:
        """A step of ``tokens`` took ``seconds``."""
        self.trained_tokens += tokens
        self.trained_seconds += seconds
        self.num_measured += 1

    def plan(self, step: int, step_tokens: Sequence[int], num_validations: int) -> None:
        """After ``step`` steps: how many there will be, where ``step_tokens`` says what each of all costs.

        It becomes longer only by more than a twentieth, so that the rate does not tremble.
        """
        if not self.limit_seconds or self.num_measured < _MEASURED_STEPS:
            return
        left = self.limit_seconds * _RESERVE - self.seconds - self.validation_seconds * num_validations
        tokens = max(0.0, left) * self.tokens_per_second
        affordable = step
        for cost in step_tokens[step:]:
            tokens -= cost
            if tokens < 0:
                break
            affordable += 1
        affordable = max(affordable, 1)
        is_more = affordable > 1.05 * self.num_steps or affordable == len(step_tokens)
        if is_more or affordable < self.num_steps:
            self.num_steps = affordable

    def seconds_left(self, step: int, step_tokens: Sequence[int], num_validations: int) -> float | None:
        """Until the planned end, None where nothing is measured yet."""
        if not self.tokens_per_second:
            return None
        ahead = sum(step_tokens[step : self.num_steps]) / self.tokens_per_second
        left = ahead + num_validations * self.validation_seconds
        return min(left, max(0.0, self.limit_seconds - self.seconds)) if self.limit_seconds else left
