"""An answer that is being written while the person goes on typing."""

from __future__ import annotations

from fimble.features.continuation import Place
from fimble.text import Cursor


class Flight:
    """What has been written so far, and what was typed meanwhile.

    The engine's thread reports the text, the event loop's thread what is typed; each
    writes an attribute of its own, so neither needs a lock.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._written = ""
        self._typed = ""

    def joins(self, cursor: Cursor) -> bool:
        """Whether the answer may still lead to ``cursor``; from now on it is written for that cursor."""
        typed = self._place.typed_since(cursor)
        if typed is None or not _agree(typed, self._written):
            return False
        self._typed = typed
        return True

    @property
    def is_joined(self) -> bool:
        """Whether a later cursor waits for it."""
        return bool(self._typed)

    def goes_on(self, written: str) -> bool:
        """Report what is written so far; whether it still agrees with what was typed."""
        self._written = written
        return _agree(self._typed, written)


def _agree(typed: str, written: str) -> bool:
    return written.startswith(typed) or typed.startswith(written)
