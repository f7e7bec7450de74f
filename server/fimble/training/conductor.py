"""Says when a run validates, saves and stops."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from fimble.training.progress import Phase

if TYPE_CHECKING:
    from fimble.training.loop import Loop

_VALIDATION_SHARE = 0.15
"""Of the work, at most, that goes into validations on the way."""
_FORWARD_PART = 3
"""A validation goes forward only: this many times less work a token than training."""


class Conductor(TrainerCallback):  # type: ignore[misc]
    """Says when to validate, to save and to stop."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._began_s = self._saved_s = time.monotonic()
        self._seconds_before = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        loop = self.loop
        self._began_s = self._saved_s = time.monotonic()
        self._seconds_before = loop.pace.seconds
        loop.began_at = state.global_step
        if loop.validation and not loop.journal.validation_losses:
            loop.evaluate()
        elif not loop.journal.best:
            loop.journal.best = loop.trained()
        if state.global_step >= loop.pace.num_steps:
            control.should_training_stop = True
        self._plan(state)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if logs and "loss" in logs:
            loss = float(logs["loss"])
            self.loop.journal.train_losses.append((state.global_step, loss))
            if not math.isfinite(loss):
                self._stop(control, "diverged")
                control.should_save = False  # nothing could be gone on from

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        loop, step = self.loop, state.global_step
        self._plan(state)
        is_last = step >= loop.pace.num_steps or loop.pace.is_over
        if is_last:
            self._stop(control, "time" if step < len(loop.steps) else "finished")
        control.should_evaluate = bool(loop.validation) and (is_last or _is_validation_due(loop, step))
        is_old = time.monotonic() - self._saved_s >= loop.settings.save_seconds
        control.should_save = control.should_evaluate or is_last or is_old
        loop.tell(Phase.TRAINING, step)

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        journal, patience = self.loop.journal, self.loop.settings.patience
        if not math.isfinite(journal.validation_losses[-1][1]):
            self._stop(control, "diverged")
        elif patience and journal.num_without_gain >= patience and not control.should_training_stop:
            self._stop(control, "no gain")

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._saved_s = time.monotonic()

    def _stop(self, control: Any, why: str) -> None:
        self.loop.stopped_why = why
        control.should_training_stop = True

    def _plan(self, state: Any) -> None:
        loop = self.loop
        loop.pace.seconds = self._seconds_before + time.monotonic() - self._began_s
        loop.pace.plan(state.global_step, loop.step_tokens, num_validations_left(loop, state.global_step))
        state.max_steps = loop.pace.num_steps


def num_validations_left(loop: Loop, step: int) -> int:
    """After ``step`` steps, on the way to the planned end; 0 where there is nothing to validate on."""
    if not loop.validation:
        return 0
    share = step / max(1, loop.pace.num_steps)
    return loop.pace.num_validations(round(loop.settings.num_validations * (1 - share)), _VALIDATION_SHARE)


def _is_validation_due(loop: Loop, step: int) -> bool:
    since = sum(loop.step_tokens[loop.journal.last_validation : step])
    interval = sum(loop.step_tokens[: loop.pace.num_steps]) / loop.settings.num_validations
    cost = sum(loop.validation[place].num_tokens for place in loop.journal.validated_places) / _FORWARD_PART
    return since >= max(interval, cost / _VALIDATION_SHARE)
