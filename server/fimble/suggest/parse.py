"""A suggestion leaves the file no more broken than it was.

Faults are counted, because the file is rarely whole while a line is being typed: what is
inserted may mend them or leave them, but never add one.
"""

from __future__ import annotations

import time

from fimble.syntax.parsed import Parsed
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Reason

_DIALECTS = frozenset({"sql"})
"""Languages of which the grammar knows one dialect: a file that it does not understand is not judged by it."""
_MAX_TRIES = 24
_BUDGET_MS = 40.0
"""How many shorter forms of a suggestion are parsed, and for how long, before it is dropped."""


def cut_breaking_lines(text: str, cursor: Cursor) -> str | Reason:
    """``text`` up to the last whole line with which the file parses no worse than without it.

    An unknown language has no faults. SQL that the grammar does not understand is not judged.
    """
    after = TREES.at(cursor, text)
    if after is None or not after.faults:
        return text
    before = TREES.at(cursor)
    if before is None or len(after.faults) <= len(before.faults):
        return text
    if before.faults and before.language.name in _DIALECTS:
        return text
    return _longest_sound(text, cursor, before) or Reason.BREAKS_SYNTAX


def _longest_sound(text: str, cursor: Cursor, before: Parsed) -> str:
    """The longest beginning of whole lines, not all of ``text``, that adds no fault; empty if none was found."""
    deadline = time.perf_counter() + _BUDGET_MS / 1e3
    kept = text
    for _ in range(_MAX_TRIES):
        kept = kept.rpartition("\n")[0].rstrip()
        if not kept or time.perf_counter() > deadline:
            return ""
        after = TREES.at(cursor, kept)
        if after is not None and len(after.faults) <= len(before.faults):
            return kept
    return ""
