"""Documents in any language for the tests of syntax and filters."""

from __future__ import annotations

from fimble.text import Cursor, Snapshot
from tests.unit.cursor_mark import MARK


def at(marked: str, language: str, uri: str = "file:///example") -> Cursor:
    """The cursor at the one mark in ``marked``, in a document of ``language``."""
    before, mark, after = marked.partition(MARK)
    assert mark and MARK not in after, "exactly one cursor mark"
    return Cursor(Snapshot(uri, language, 1, before + after), len(before))
