"""The documents that the person has open or had open a short while ago.

Texts are held as the editor sent them, by reference; nothing is read from disk.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from fimble.privacy import Privacy
from fimble.text import Snapshot

MAX_DOCUMENTS = 20
CLOSED_S = 1800.0
"""A closed document is remembered this long: its text on disk may be another by then."""
MAX_CLOSED_CHARS = 2**19
"""A longer document is forgotten when it is closed."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One document as last seen."""

    snapshot: Snapshot
    focus: int
    """Offset of the last change in it, 0 where none was seen."""
    closed_at: float | None = None
    """In the clock's seconds; ``None`` while it is open."""


class Neighbours:
    """At most ``MAX_DOCUMENTS`` documents, none of them private. Any thread may call."""

    def __init__(self, privacy: Privacy, clock: Callable[[], float] = time.monotonic) -> None:
        self._privacy = privacy
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, Neighbour] = OrderedDict()

    def govern(self, privacy: Privacy) -> None:
        """New rules; what they forbid is forgotten."""
        self._privacy = privacy
        self.held()

    def put(self, snapshot: Snapshot, focus: int | None = None) -> bool:
        """Takes or replaces a document as the one used last, or forgets it where it is private: then ``False``."""
        if not self._privacy.may_read(snapshot.uri):
            self.forget(snapshot.uri)
            return False
        with self._lock:
            known = self._held.pop(snapshot.uri, None)
            self._held[snapshot.uri] = Neighbour(snapshot, (known.focus if known else 0) if focus is None else focus)
            while len(self._held) > MAX_DOCUMENTS:
                self._held.pop(
                    next((uri for uri, one in self._held.items() if one.closed_at is not None), None)
                    or next(iter(self._held))
                )
        return True

    def touch(self, uri: str) -> None:
        """The person looks at the document."""
        with self._lock:
            if uri in self._held:
                self._held.move_to_end(uri)

    def close(self, uri: str) -> None:
        """The editor closed the document; it counts as used until now."""
        with self._lock:
            known = self._held.pop(uri, None)
            if known is not None and len(known.snapshot.text) <= MAX_CLOSED_CHARS:
                self._held[uri] = replace(known, closed_at=self._clock())

    def forget(self, uri: str) -> None:
        """As if the document had never been opened."""
        with self._lock:
            self._held.pop(uri, None)

    def held(self) -> tuple[Neighbour, ...]:
        """What may be shown now, the document used last first. What has become private or old is forgotten."""
        now = self._clock()
        with self._lock:
            all_held = list(self._held.items())
        kept = []
        for uri, one in reversed(all_held):
            is_old = one.closed_at is not None and now - one.closed_at > CLOSED_S
            if is_old or not self._privacy.may_read(uri):
                self.forget(uri)
            else:
                kept.append(one)
        return tuple(kept)
