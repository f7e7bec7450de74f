"""Who is next: the policy of the scheduler, without threads and without a clock.

A session has at most one run in line. What has waited too long for its kind goes first, so nobody starves; else the
most urgent kind goes. A keystroke goes before all that is not typed for, and a newer one of the same window has taken
its place before it comes here; of several windows' keystrokes the one that waits longest goes first, until it is
answered. (To have the newest one overtake the others was tried: the answers that are overtaken come so late that the
slowest of twenty takes twice as long, and fewer are given.) What takes longer is shared out: of sessions that wait
for it none gets further ahead than ``AHEAD_MS`` of the processor.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from fimble.engine.base import Urgency

AHEAD_MS = 150.0
"""What a session may have got more than one that waits for the same: a few runs."""
PATIENCE_S: Mapping[Urgency, float] = {Urgency.KEYSTROKE: 1.0, Urgency.AWAITED: 0.5, Urgency.IDLE: 5.0}
"""How long a run waits before it goes first."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A run in line."""

    session: Hashable
    urgency: Urgency
    asked_s: float
    """When the request was made that it belongs to."""
    since_s: float
    """Since when it waits."""

    @property
    def due_s(self) -> float:
        """When it has waited long enough."""
        return self.since_s + PATIENCE_S[self.urgency]


class Line:
    """The runs that wait, and what each session has had of the processor."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._used_ms: dict[Hashable, float] = {}
        """In milliseconds of the processor, as if all sessions had begun together: who comes, or comes back after a
        pause, begins with what the least served had."""
        self._least_ms = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, one: Waiting) -> None:
        """It waits from now on."""
        self._waiting.append(one)
        self._used_ms[one.session] = max(self._used_ms.get(one.session, 0.0), self._least_ms)

    def remove(self, one: Waiting) -> bool:
        """It does not want to run any more; whether it was in line."""
        if one not in self._waiting:
            return False
        self._waiting.remove(one)
        return True

    def next(self, now_s: float) -> Waiting | None:
        """Who runs now, and is in line no more; ``None`` where nobody waits."""
        if not self._waiting:
            return None
        self._least_ms = max(self._least_ms, min(self._used_ms[one.session] for one in self._waiting))
        chosen = self._overdue(now_s) or self._wanted()
        self._waiting.remove(chosen)
        return chosen

    def charge(self, session: Hashable, ms: float) -> None:
        """It has had the processor for so long."""
        if session in self._used_ms:
            self._used_ms[session] += ms
            if not self._waiting:
                self._least_ms = max(self._least_ms, self._used_ms[session])

    def forget(self, session: Hashable) -> None:
        """The session is over."""
        self._used_ms.pop(session, None)

    def _overdue(self, now_s: float) -> Waiting | None:
        overdue = [one for one in self._waiting if one.due_s <= now_s]
        return min(overdue, key=lambda one: one.due_s, default=None)

    def _wanted(self) -> Waiting:
        urgency = min(one.urgency for one in self._waiting)
        wanted = [one for one in self._waiting if one.urgency == urgency]
        if urgency is not Urgency.KEYSTROKE:
            least_ms = min(self._used_ms[one.session] for one in wanted)
            wanted = [one for one in wanted if self._used_ms[one.session] <= least_ms + AHEAD_MS]
        return min(wanted, key=lambda one: one.asked_s)
