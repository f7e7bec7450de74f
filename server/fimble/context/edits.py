"""What the person changed last, as small pairs of before and after.

Keystrokes next to each other, in place and in time, are one edit: a renamed argument is
one fact, not twelve.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from fimble.context.difference import Difference, difference
from fimble.text import Snapshot

MAX_EDITS = 8
MERGE_S = 30.0
"""A pause longer than this ends an edit."""
MERGE_LINES = 3
"""A change more than this many lines away begins another edit."""
MAX_CHARS = 2000
"""A change with more text than this, before or after, is a paste or a reformatting and no small edit."""


@dataclass(frozen=True, slots=True)
class RecentEdit:
    """Whole lines that were changed: what stood there and what stands there now."""

    uri: str
    before: str
    after: str
    start: int
    """Offset of ``after`` in the version of the text that the edit led to."""
    version: int
    """That version's number."""
    at: float
    """When the last of its changes was made, in the clock's seconds."""


class RecentEdits:
    """The last ``MAX_EDITS`` edits over all files. Any thread may record and ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._edits: list[RecentEdit] = []

    def latest(self) -> tuple[RecentEdit, ...]:
        """Newest last. An edit that was undone is none."""
        with self._lock:
            return tuple(edit for edit in self._edits if edit.before != edit.after)

    def forget(self, uri: str) -> None:
        """Drops what was recorded for a document."""
        with self._lock:
            self._edits = [edit for edit in self._edits if edit.uri != uri]

    def record(self, before: Snapshot, after: Snapshot, start: int | None = None) -> None:
        """One change of one document; ``start`` is an offset up to which nothing changed, where that is known."""
        changed = difference(before.text, after.text, start)
        if changed is None:
            return
        first, before_end = _lines(before.text, after.text, changed)
        with self._lock:
            last = next((edit for edit in reversed(self._edits) if edit.uri == before.uri), None)
            if last is not None and self._continues(last, before, first, before_end):
                self._edits.remove(last)
                last_end = last.start + len(last.after)
                first, before_end = min(first, last.start), max(before_end, last_end)
                old = before.text[first : last.start] + last.before + before.text[last_end:before_end]
            else:
                old = before.text[first : min(before_end, first + MAX_CHARS + 1)]
            after_end = before_end + len(after.text) - len(before.text)
            if max(len(old), after_end - first) > MAX_CHARS:
                return
            edit = RecentEdit(after.uri, old, after.text[first:after_end], first, after.version, self._clock())
            self._edits = [*self._edits, edit][-MAX_EDITS:]

    def _continues(self, last: RecentEdit, before: Snapshot, first: int, end: int) -> bool:
        if last.version != before.version or self._clock() - last.at > MERGE_S:
            return False
        last_end = last.start + len(last.after)
        if before.text[last.start : last_end] != last.after:
            return False
        low, high = (end, last.start) if end <= last.start else (last_end, first)
        return high <= low or (high - low <= MAX_CHARS and before.text.count("\n", low, high) < MERGE_LINES)


def _lines(before: str, after: str, changed: Difference) -> tuple[int, int]:
    """The range of whole lines of ``before`` that the change touches; they are whole lines of ``after`` too."""
    first = before.rfind("\n", 0, changed.start) + 1
    gone, new = before[changed.start : changed.before_end], after[changed.start : changed.after_end]
    if first == changed.start and all(part.endswith("\n") or not part for part in (gone, new)):
        return first, changed.before_end
    newline = before.find("\n", changed.before_end)
    return first, newline + 1 if newline != -1 else len(before)
