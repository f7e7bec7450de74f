"""Small models repeat themselves: the lines above once more, or within a definition that definition."""

from __future__ import annotations

import re

from fimble.text import Cursor, Reason

_MIN_CHARS = 8
"""Shorter repetitions (``pass``, ``}``) are ordinary code."""
_LOOK_BACK_CHARS = 8192
_DEFINITION = re.compile(r"(?:[a-z]+ +)*(?:def|class|function|func|fn) +([^\W\d][\w$]*)")
"""A line that begins a definition, after words like ``async`` or ``pub``, and the name that it defines."""


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


def drop_repeated_definition(text: str, cursor: Cursor) -> str | Reason:
    """Drop an answer that begins with a definition within which the cursor is."""
    first_line = next((line for line in (cursor.line_prefix + text).split("\n") if line.strip()), "")
    begun = _DEFINITION.match(first_line.lstrip())
    if begun is None:
        return text
    depth = _depth(first_line)
    line_start = cursor.offset - len(cursor.line_prefix)
    for line in reversed(cursor.snapshot.text[max(0, line_start - _LOOK_BACK_CHARS) : line_start].split("\n")):
        if line.strip() and _depth(line) < depth:
            depth = _depth(line)
            above = _DEFINITION.match(line.lstrip())
            if above is not None and above[1] == begun[1]:
                return Reason.REPEATS_PREFIX
    return text


def _depth(line: str) -> int:
    """How many characters the line is indented by."""
    return len(line) - len(line.lstrip())


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
