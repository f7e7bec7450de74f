"""Whatever already stands after the cursor is not suggested again."""

from __future__ import annotations

from fimble.suggest.brackets import surplus_closers
from fimble.text import Cursor, Reason

_MIN_OVERLAP_CHARS = 3
"""Shorter overlaps on a line may be chance, unless they are closers too many."""


def cut_line_overlap(text: str, cursor: Cursor) -> str | Reason:
    """Cut the end of ``text`` where it repeats the rest of the cursor's line."""
    rest = cursor.line_suffix.strip()
    if not rest or "\n" in text:
        return text
    stripped = text.rstrip()
    for length in range(min(len(rest), len(stripped)), 0, -1):
        if not stripped.endswith(rest[:length]):
            continue
        kept = stripped[:-length]
        if length >= _MIN_OVERLAP_CHARS or surplus_closers(stripped) > surplus_closers(kept):
            return kept or Reason.REPEATS_SUFFIX
    return text


def cut_next_lines(text: str, cursor: Cursor) -> str | Reason:
    """Cut ``text`` where its remaining lines are the lines that follow the cursor's."""
    following = [line.strip() for line in cursor.suffix.partition("\n")[2].splitlines()[:64] if line.strip()]
    lines = text.splitlines(keepends=True)
    first = 1 if cursor.line_prefix.strip() else 0
    for begin in range(first, len(lines)):
        rest = [line.strip() for line in lines[begin:] if line.strip()]
        if not rest or rest != following[: len(rest)]:
            continue
        kept = "".join(lines[:begin]).rstrip()
        if all(len(line) <= 2 for line in rest) and surplus_closers(text) <= surplus_closers(kept):
            continue
        return kept if kept.strip() else Reason.REPEATS_SUFFIX
    return text
