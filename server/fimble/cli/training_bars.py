"""Shows a person how far ``fimble train`` is: a bar a stage on a terminal, a line every half minute elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

from fimble.cli.bars import Bars

if TYPE_CHECKING:
    from fimble.training.progress import Progress
    from fimble.training.road import Step

_EVERY_S = 30.0


class TrainingBars:
    """Takes what the road says of itself."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._bars = Bars(console)
        self._stage, self._phase = "", ""
        self._due_s = 0.0

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.__exit__(kind, error, trace)

    def say(self, text: str) -> None:
        self._bars.say(text)

    def on_share(self, what: str, share: float) -> None:
        """Show work of which only the share that is done is known, from 0 to 1."""
        self._show(what, share, f"{share:.0%}")

    def on_step(self, step: Step) -> None:
        """Show a look at the whole road."""
        if step.note:
            self.say(step.note)
        if step.progress is not None:
            self.on_progress(step.progress, step.stage.value, is_noted=bool(step.note))
        elif step.what:
            self.on_share(step.what, step.done / max(step.total, 1))
        elif step.total or not step.note:
            amount = f"{step.done} of {step.total}" if step.total else ""
            self._show(step.stage.value, step.done / max(step.total, 1), amount)

    def on_progress(self, progress: Progress, stage: str = "Training", is_noted: bool = False) -> None:
        """Show a look at training alone."""
        if progress.note and not is_noted:
            self.say(progress.note)
        fraction = progress.step / progress.num_steps if progress.num_steps else 0.0
        if progress.phase.value != self._phase:
            self._phase, self._due_s = progress.phase.value, 0.0
        self._show(stage, fraction, amount_of(progress), is_new_worth_a_line=True)

    def _show(self, stage: str, fraction: float, amount: str, is_new_worth_a_line: bool = False) -> None:
        is_new = stage != self._stage
        self._bars.on_amount(stage, min(fraction, 1.0), amount)
        now_s = self._clock()
        if is_new and not is_new_worth_a_line:
            self._due_s = now_s + _EVERY_S
        elif not self._console.is_terminal and amount and now_s >= self._due_s:
            self.say(f"{stage}: {amount}")
            self._due_s = now_s + _EVERY_S
        self._stage = stage


def amount_of(progress: Progress) -> str:
    """``step 12 of 80 · loss 1.203 · validation 1.310 · 152 tokens/s · 3 min left``, as far as it is known."""
    parts = []
    if progress.num_steps:
        parts.append(f"step {progress.step} of {progress.num_steps}")
    if progress.phase.value != "training" or not parts:
        parts.append(progress.phase.value)
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3f}")
    if progress.validation_loss is not None:
        parts.append(f"validation {progress.validation_loss:.3f}")
    if progress.tokens_per_second:
        parts.append(f"{progress.tokens_per_second:,.0f} tokens/s")
    if progress.seconds_left is not None:
        parts.append(f"{in_words(progress.seconds_left)} left")
    return " · ".join(parts)


def in_words(seconds: float) -> str:
    """``95`` -> ``1 min 35 s``; hours and minutes where there are hours."""
    total = max(0, round(seconds))
    hours, minutes = divmod(total // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {total % 60} s" if minutes else f"{total} s"
