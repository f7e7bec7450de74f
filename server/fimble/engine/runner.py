"""Where an engine's runs are done: at once, or when a scheduler says so.

Several engines may share one processor. What they hand over is a single run of a graph, the smallest thing that can
be put before another: a piece of a prompt, a step of an answer, or a few guessed tokens that are checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from fimble.engine.base import CancelToken, Urgency

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Run(Generic[T]):
    """One run, not done yet."""

    do: Callable[[CancelToken | None], T]
    """Does it; raises ``EngineCancelled`` soon after the token it is given is set. A run that was broken off so, for
    the sake of another, is done again: it must leave good what was there before it."""
    num_tokens: int
    urgency: Urgency = Urgency.AWAITED
    asked_s: float = field(default_factory=time.monotonic)
    """When the request was made that the run belongs to."""
    cancel: CancelToken | None = None


class Runner(Protocol):
    """Does runs, one after another; on the thread that asks."""

    def run(self, run: Run[T]) -> T:
        """What came of it. Raises what ``run.do`` raises; ``EngineCancelled``."""
        ...


class AtOnce:
    """Does every run when it is asked: for an engine that shares nothing."""

    def run(self, run: Run[T]) -> T:
        """See ``Runner``."""
        return run.do(run.cancel)
