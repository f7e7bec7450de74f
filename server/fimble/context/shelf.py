"""Passages of documents, kept as long as the text they came from, so that an edit costs one passage and not all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from fimble.context.passages import Passage, cut, read

REACH_CHARS = 40_000
"""Of a long document only what lies this near to the place in use is looked at."""
_STEP_CHARS = 8192
"""The start of that part moves in steps, so that typing leaves the cuts where they were."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A passage and the offset at which it starts."""

    start: int
    end: int
    passage: Passage


@dataclass(frozen=True, slots=True)
class Shown:
    """What is ready of a document."""

    placed: tuple[Placed, ...]
    is_whole: bool
    """Whether that is all; what was late comes another time."""


@dataclass(slots=True)
class _Entry:
    text: str
    low: int
    pieces: tuple[tuple[int, str], ...]
    read: dict[str, Passage | None]
    shown: Shown | None = None
    """Set when all pieces are read."""


class Shelf:
    """For one thread at a time."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def keep(self, uris: Collection[str]) -> None:
        """Forgets all documents but these."""
        for uri in self._entries.keys() - set(uris):
            del self._entries[uri]

    def passages(self, uri: str, text: str, focus: int, is_late: Callable[[], bool]) -> Shown:
        """The passages of a document near ``focus``, as far as they are ready before ``is_late``."""
        low = 0
        if len(text) > 2 * REACH_CHARS:
            low = max(0, focus - REACH_CHARS) // _STEP_CHARS * _STEP_CHARS
        entry = self._entries.get(uri)
        if entry is None or entry.low != low or entry.text != text:
            pieces = tuple(cut(text, low, low + 2 * REACH_CHARS + _STEP_CHARS))
            old = entry.read if entry else {}
            entry = _Entry(text, low, pieces, {piece: old[piece] for _, piece in pieces if piece in old})
            self._entries[uri] = entry
        if entry.shown is not None:
            return entry.shown
        missing = dict.fromkeys(piece for _, piece in entry.pieces if piece not in entry.read)
        for piece in missing:
            if is_late():
                break
            entry.read[piece] = read(piece)
        ready = ((start, piece, entry.read.get(piece)) for start, piece in entry.pieces)
        placed = tuple(Placed(start, start + len(piece), passage) for start, piece, passage in ready if passage)
        shown = Shown(placed, all(piece in entry.read for piece in missing))
        entry.shown = shown if shown.is_whole else None
        return shown
