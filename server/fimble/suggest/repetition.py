"""Small models repeat themselves: the lines above once more, or within a definition that definition."""

from __future__ import annotations

import re

from fimble.text import Cursor, Reason

_MIN_CHARS = 8
"""Shorter repetitions (``pass``, ``}``) are ordinary code."""
_LOOK_BACK_CHARS = 8192
_DEFINITION = re.compile(
    r"(?:[a-z]+ +)*(?:def|class|function|func|fn) +(?!(?:extends|implements)\b)([^\W\d][\w$]*(?:[.:]+\w+)*)"
)
"""A line that begins a definition, after words like ``async`` or ``pub``, and the name that it defines."""
_SCOPE = re.compile(r"(?:[a-z]+ +)*(?:impl|trait|struct|mod|module|interface|object|namespace)\b")
"""A line that begins something within which the names of what is around it may be defined anew."""
_REST_OF_A_HEADER = (")", "]", "{", "}")
"""So begins the last line of a signature that takes several, which is as deep as the first."""


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
    """Drop an answer that begins with the definition that the cursor is in, once more."""
    first_line = next((line for line in (cursor.line_prefix + text).split("\n") if line.strip()), "")
    begun = _DEFINITION.match(first_line.lstrip())
    if begun is None or begun.end(1) < len(cursor.line_prefix.lstrip()):
        return text  # no definition, or one that the person has begun
    depth = _depth(first_line)
    line_start = cursor.offset - len(cursor.line_prefix)
    for line in reversed(cursor.snapshot.text[max(0, line_start - _LOOK_BACK_CHARS) : line_start].split("\n")):
        body = line.lstrip()
        if not body or body.startswith(_REST_OF_A_HEADER) or _depth(line) >= depth:
            continue
        depth = _depth(line)
        above = _DEFINITION.match(body)
        if above is not None:
            return Reason.REPEATS_PREFIX if above[1] == begun[1] else text
        if _SCOPE.match(body):
            return text
    return text


def _depth(line: str) -> int:
    """How many characters the line is indented by."""
    return len(line) - len(line.lstrip())


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
