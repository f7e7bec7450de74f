"""How work on a model tells a person where it stands, without knowing how that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One step: how far a stage has come, or a sentence worth a line of its own."""

    stage: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    notice: str = ""
    """What a person should know, such as that the next source is tried; then the rest is empty."""


OnProgress = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """For callers that show nothing."""
