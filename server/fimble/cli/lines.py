"""Tells the progress of long work to another program: one JSON object a line on standard output."""

from __future__ import annotations

import json
import time
from types import TracebackType
from typing import Any, Self

from fimble.weights.disk import readable
from fimble.weights.progress import Progress

_EVERY_S = 0.2
"""An editor redraws no more often than a person can read."""


class Lines:
    """``{"stage", "fraction", "amount"}`` in a stage, ``{"message"}`` for a sentence; what ``Bars`` draws."""

    def __init__(self) -> None:
        self._stage = ""
        self._due_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing has to be put away."""

    def on_progress(self, progress: Progress) -> None:
        """Tell of work that is counted in bytes, or a notice."""
        if progress.notice:
            self.say(progress.notice)
            return
        fraction = progress.done_bytes / progress.total_bytes if progress.total_bytes else 0.0
        amount = f"{readable(progress.done_bytes)} of {readable(progress.total_bytes)}"
        self._tell_stage(progress.stage, fraction, {"amount": amount})

    def on_fraction(self, stage: str, fraction: float) -> None:
        """Tell of work that is known by how much of it is done, from 0 to 1."""
        self._tell_stage(stage, fraction, {})

    def say(self, text: str) -> None:
        """Tell a sentence."""
        self._print({"message": text})

    def _tell_stage(self, stage: str, fraction: float, more: dict[str, Any]) -> None:
        now_s = time.monotonic()
        if stage == self._stage and now_s < self._due_s and fraction < 1.0:
            return
        self._stage, self._due_s = stage, now_s + _EVERY_S
        self._print({"stage": stage, "fraction": round(fraction, 4), **more})

    @staticmethod
    def _print(line: dict[str, Any]) -> None:
        print(json.dumps(line), flush=True)
