"""One cap for what engines keep of what they have read, whichever sessions they serve.

What was used longest ago goes first; what is in use stays, however large. So a full cap costs time, as something is
read again, and never an answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Holding:
    """Something kept in memory that can be computed again, such as the keys and values of a slot.

    All of it is read and changed under the lock of its ``KvMemory``.
    """

    __slots__ = ("drop", "graph", "in_use", "last_used", "num_bytes")

    def __init__(self, num_bytes: int, drop: Callable[[], None], graph: object = None) -> None:
        """``drop`` has its owner forget it; called under the lock, on any thread, never while it is in use.

        ``graph``: what computed it.
        """
        self.num_bytes, self.drop, self.graph = num_bytes, drop, graph
        self.in_use = False
        self.last_used = 0


class KvMemory:
    """All that is kept, under one cap. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.lock = threading.RLock()
        """Held by owners too, while they look at what they keep: it may be dropped at any other time."""
        self._kept: list[Holding] = []
        self._clock = 0

    @property
    def num_bytes(self) -> int:
        """What all take together."""
        with self.lock:
            return sum(holding.num_bytes for holding in self._kept)

    def add(self, holding: Holding) -> None:
        with self.lock:
            self._kept.append(holding)
            self.use(holding)

    def remove(self, holding: Holding) -> None:
        """It is kept no more; removing twice changes nothing."""
        with self.lock:
            if holding in self._kept:
                self._kept.remove(holding)

    def use(self, holding: Holding) -> None:
        """It is the last used now."""
        with self.lock:
            self._clock += 1
            holding.last_used = self._clock

    def oldest(self, but: Holding | None = None) -> Holding | None:
        """What was used longest ago and is not in use, nor ``but``; ``None`` where nothing can go."""
        with self.lock:
            free = [holding for holding in self._kept if not holding.in_use and holding is not but]
            return min(free, key=lambda holding: holding.last_used, default=None)

    def has_room(self, num_bytes: int) -> bool:
        """Whether so much more keeps the cap."""
        return self.num_bytes + num_bytes <= self.max_bytes

    def shrink(self, but: Holding | None = None) -> None:
        """Drop what was used longest ago, ``but`` and what is in use aside, until the cap is kept."""
        with self.lock:
            while not self.has_room(0) and (oldest := self.oldest(but)) is not None:
                self.remove(oldest)
                oldest.drop()

    def drop_all(self, graph: object) -> None:
        """Drop what ``graph`` computed and is not in use."""
        with self.lock:
            for holding in [holding for holding in self._kept if holding.graph is graph and not holding.in_use]:
                self.remove(holding)
                holding.drop()
