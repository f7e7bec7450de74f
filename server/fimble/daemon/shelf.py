"""The models that a process holds, each with the number of sessions that have it or are about to."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(eq=False)
class Held(Generic[S]):
    """A model, opened or about to be."""

    key: Hashable
    """What two sessions share if it is equal."""
    opening: threading.Lock = field(default_factory=threading.Lock)
    """Held while it is opened: who comes meanwhile waits."""
    opened: S | None = None
    used_s: float = 0.0
    """When it ran last."""
    num_sessions: int = 0


class Shelf(Generic[S]):
    """Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Hashable, Held[S]] = {}

    def take(self, key: Hashable) -> Held[S]:
        """For one session more."""
        with self._lock:
            held = self._held.setdefault(key, Held(key))
            held.num_sessions += 1
            return held

    def give_back(self, held: Held[S]) -> None:
        """One session fewer; what was never opened is not held for its sake."""
        with self._lock:
            held.num_sessions -= 1
            if held.num_sessions == 0 and held.opened is None:
                self._held.pop(held.key, None)

    def drop(self, held: Held[S]) -> bool:
        """Hold it no more, unless a session has it; whether it went."""
        with self._lock:
            if held.num_sessions or self._held.get(held.key) is not held:
                return False
            del self._held[held.key]
            return True

    def models(self) -> list[Held[S]]:
        """All of them."""
        with self._lock:
            return list(self._held.values())

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
