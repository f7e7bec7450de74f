"""How far a training run is, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What is being done; the value is what a person reads."""

    LOADING = "loading the model"
    TOKENISING = "tokenising the examples"
    TRAINING = "training"
    VALIDATING = "validating"
    SAVING = "writing a checkpoint"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a run."""

    phase: Phase
    step: int = 0
    num_steps: int = 0
    """As planned now: a time limit may make them fewer once the speed is known. 0 where nobody knows yet."""
    loss: float | None = None
    """Of the last steps, in nats a token."""
    validation_loss: float | None = None
    """The last one measured, in nats a token of the holes."""
    tokens_per_second: float = 0.0
    seconds_left: float | None = None
    note: str = ""
    """A sentence for the person, such as why a run goes on from a checkpoint."""


OnProgress = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Tell nobody."""
