"""What the person sees: while they type it, nothing about it changes."""

from __future__ import annotations

import threading
from dataclasses import replace

from fimble.features.continuation import Place, rest_after
from fimble.text import Cursor, Suggestion


class Screen:
    """The suggestion shown last in each document. Any thread may ask.

    A suggestion that was judged once is not judged again while it is typed: it neither
    flickers nor shrinks, whatever the prompt has become meanwhile.
    """

    def __init__(self) -> None:
        self._shown: dict[str, tuple[Place, Suggestion]] = {}
        self._lock = threading.Lock()

    def show(self, cursor: Cursor, suggestion: Suggestion) -> None:
        with self._lock:
            self._shown[cursor.snapshot.uri] = (Place.at(cursor, ()), suggestion)

    def forget(self, uri: str) -> None:
        with self._lock:
            self._shown.pop(uri, None)

    def rest_for(self, cursor: Cursor) -> Suggestion | None:
        """What is left of the suggestion at ``cursor``; ``None`` when it is typed out or typed over.

        And where the editor put a closer behind the cursor, which the suggestion would write again.
        """
        with self._lock:
            entry = self._shown.get(cursor.snapshot.uri)
        if entry is None:
            return None
        place, suggestion = entry
        if not 0 <= cursor.offset - place.offset < len(suggestion.text) + suggestion.text.count("\n"):
            return None
        typed = place.typed_since(cursor)
        rest = None if typed is None else rest_after(typed, suggestion.text)
        if rest is None:
            return None
        if not cursor.snapshot.text.startswith(place.after, cursor.offset):
            return None
        return replace(suggestion, text=rest) if rest.strip() else None
