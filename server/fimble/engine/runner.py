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
    urgency: Urgency
    asked_s: float
    """When the request was made that the run belongs to."""
    cancel: CancelToken | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as it matters to whoever does its runs."""

    urgency: Urgency
    cancel: CancelToken | None
    asked_s: float = field(default_factory=time.monotonic)

    def run(self, do: Callable[[CancelToken | None], T], num_tokens: int) -> Run[T]:
        """One of its runs; as urgent as it is at the moment."""
        is_awaited = self.cancel is None or self.cancel.is_awaited
        return Run(do, num_tokens, self.urgency if is_awaited else Urgency.IDLE, self.asked_s, self.cancel)


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
