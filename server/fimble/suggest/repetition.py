"""Small models repeat themselves: the lines above once more, or one line for ever."""

from __future__ import annotations

from fimble.text import Cursor, Reason

_MIN_CHARS = 8
"""Shorter repetitions (``pass``, ``}``) are ordinary code."""
_MAX_REPEATS = 2
"""A line may stand this often in a row."""


def drop_repeated_prefix(text: str, cursor: Cursor) -> str | Reason:
    """Drop an answer whose lines are, all of them, the lines just before it."""
    lines = _lines(cursor.line_prefix + text)
    before = _lines(cursor.prefix[: len(cursor.prefix) - len(cursor.line_prefix)][-8192:])
    if lines and lines == before[-len(lines) :] and sum(map(len, lines)) >= _MIN_CHARS:
        return Reason.REPEATS_PREFIX
    return text


def cut_loops(text: str, cursor: Cursor) -> str | Reason:
    """Cut ``text`` before a line that comes a third time in a row."""
    lines = text.splitlines(keepends=True)
    for end in range(_MAX_REPEATS, len(lines)):
        run = {line.strip() for line in lines[end - _MAX_REPEATS : end + 1]}
        if len(run) == 1 and len(run.pop()) >= _MIN_CHARS:
            return "".join(lines[: end - _MAX_REPEATS + 1]).rstrip() if end > _MAX_REPEATS else Reason.LOOPS
    return text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
