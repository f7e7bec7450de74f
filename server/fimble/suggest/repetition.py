"""Small models repeat themselves: the lines above once more."""

from __future__ import annotations

from fimble.text import Cursor, Reason

_MIN_CHARS = 8
"""Shorter repetitions (``pass``, ``}``) are ordinary code."""
_LOOK_BACK_CHARS = 8192


def drop_repeated_prefix(text: str, cursor: Cursor) -> str | Reason:
    """Drop an answer that begins with the line just before it, or whose lines are all the lines just before it."""
    lines = _lines(cursor.line_prefix + text)
    line_start = cursor.offset - len(cursor.line_prefix)
    before = _lines(cursor.snapshot.text[max(0, line_start - _LOOK_BACK_CHARS) : line_start])
    if not lines or not before:
        return text
    repeats_line = lines[0] == before[-1] and len(lines[0]) >= _MIN_CHARS
    repeats_lines = lines == before[-len(lines) :] and sum(map(len, lines)) >= _MIN_CHARS
    return Reason.REPEATS_PREFIX if repeats_line or repeats_lines else text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
