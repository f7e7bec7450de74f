"""Answers that are kept: what was typed into them, or deleted back to them, needs no model."""

from __future__ import annotations

import threading
from collections import OrderedDict

from fimble.features.continuation import Continuation, Place
from fimble.text import Cursor, Snippet

MAX_ENTRIES = 250


class ContinuationCache:
    """The latest continuations, by place. Any thread may ask it."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._entries: OrderedDict[Place, Continuation] = OrderedDict()
        self._max_entries = max_entries
        self._lock = threading.Lock()

    def put(self, continuation: Continuation) -> None:
        """Keep ``continuation``; one from the same place gives way."""
        with self._lock:
            self._entries.pop(continuation.place, None)
            self._entries[continuation.place] = continuation
            if len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)

    def find(self, cursor: Cursor, snippets: tuple[Snippet, ...]) -> tuple[Continuation, str] | None:
        """The latest continuation that leads to ``cursor``, and what of it is left there."""
        with self._lock:
            entries = reversed(tuple(self._entries.values()))
        for entry in entries:
            if entry.place.uri != cursor.snapshot.uri or entry.place.snippets != snippets:
                continue
            rest = entry.rest_for(cursor)
            if rest is not None:
                return entry, rest
        return None

    def latest(self, uri: str, max_entries: int = 2) -> tuple[Continuation, ...]:
        """The last continuations of a document, latest first: what was typed over may yet be typed."""
        with self._lock:
            mine = [entry for entry in self._entries.values() if entry.place.uri == uri]
        return tuple(mine[: -max_entries - 1 : -1])

    def forget(self, uri: str) -> None:
        """Drop what belongs to a document, when it is closed."""
        with self._lock:
            for place in [place for place in self._entries if place.uri == uri]:
                del self._entries[place]
