"""Whatever already stands after the cursor is not suggested again."""

from __future__ import annotations

import re

from fimble.suggest.brackets import surplus_closers
from fimble.suggest.scope import is_same_line
from fimble.text import Cursor, Reason

_MIN_OVERLAP_CHARS = 3
"""Shorter overlaps of words may be chance."""
_LOOK_AHEAD_CHARS = 8192
_QUOTES = "\"'`"
_ARROW = re.compile("[-=]>")
_SEPARATORS = ";,:"
_SMALL = re.compile(r"[\s\"'`;,]+")
_MIN_ALIKE_CHARS = 8


def cut_line_overlap(text: str, cursor: Cursor) -> str | Reason:
    """Cut the end of ``text`` where it repeats the rest of the cursor's line."""
    rest = cursor.line_suffix.strip()
    if not rest or "\n" in text:
        return text
    kept = text
    while (shorter := _without_overlap(kept, rest, cursor.line_prefix)) != kept:
        if not shorter.strip():
            return Reason.REPEATS_SUFFIX
        kept = shorter
    return kept


def _without_overlap(text: str, rest: str, line_prefix: str) -> str:
    """``text`` without what it has, at its end, of the beginning of ``rest``."""
    stripped = text.rstrip()
    for length in range(min(len(rest), len(stripped)), 0, -1):
        if stripped.endswith(rest[:length]):
            kept = stripped[:-length]
            if _is_repeated(rest[:length], rest[length:], kept, line_prefix):
                return kept
    return text


def _is_repeated(overlap: str, beyond: str, kept: str, line_prefix: str) -> bool:
    """Whether ``overlap``, at the end of an answer and at the start of the rest, is one thing written twice."""
    if any(char.isalnum() or char == "_" for char in overlap):
        whole_words = not (_splits_word(kept, overlap) or _splits_word(overlap, beyond))
        return len(overlap) >= _MIN_OVERLAP_CHARS and whole_words
    if overlap[0] in _QUOTES:
        is_open = (line_prefix + kept).count(overlap[0]) % 2
        return is_open == (overlap + beyond).count(overlap[0]) % 2
    if overlap[0] in _SEPARATORS:
        return True
    if overlap[0] == ">":
        before = _ARROW.sub("", line_prefix + kept)
        return before.count("<") > before.count(">")
    return surplus_closers(kept + overlap) > surplus_closers(kept)


def cut_next_lines(text: str, cursor: Cursor) -> str | Reason:
    """Cut ``text`` where its remaining lines are the lines that follow the cursor's."""
    ahead = cursor.snapshot.text[cursor.offset : cursor.offset + _LOOK_AHEAD_CHARS]
    following = [line for line in ahead.split("\n")[1:] if line.strip()]
    kept = text
    while (shorter := _without_next_lines(kept, following, cursor)) != kept:
        if not shorter.strip():
            return Reason.REPEATS_SUFFIX
        kept = shorter
    return kept


def _without_next_lines(text: str, following: list[str], cursor: Cursor) -> str:
    """``text`` up to the first line from which on its lines are the first of the ``following`` ones."""
    lines = text.split("\n")
    whole = [cursor.line_prefix + lines[0], *lines[1:]]
    first = 1 if cursor.line_prefix.strip() else 0
    for begin in range(first, len(lines)):
        rest = [line for line in whole[begin:] if line.strip()]
        if not rest or len(rest) > len(following) or not all(map(_is_same, rest, following)):
            continue
        kept = "\n".join(lines[:begin]).rstrip()
        if all(len(line.strip()) <= 2 for line in rest) and surplus_closers(text) <= surplus_closers(kept):
            continue
        return kept
    return text


def _is_same(line: str, other: str) -> bool:
    """Whether two lines are one, but for white space, quotes, commas and semicolons.

    By edit distance (5 %) lines that real files have one below the other would be the same:
    ``mount("https://", adapter)`` and ``mount("http://", adapter)``.
    """
    if is_same_line(line, other):
        return True
    bare = _SMALL.sub("", line)
    return len(bare) >= _MIN_ALIKE_CHARS and bare == _SMALL.sub("", other)


def _splits_word(left: str, right: str) -> bool:
    return bool(left and right) and _is_word(left[-1]) and _is_word(right[0])


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
