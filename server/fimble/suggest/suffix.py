"""Whatever already stands after the cursor is not suggested again."""

from __future__ import annotations

from fimble.suggest.brackets import surplus_closers
from fimble.text import Cursor, Reason

_MIN_OVERLAP_CHARS = 3
"""Shorter overlaps of words may be chance."""
_LOOK_AHEAD_CHARS = 8192
_QUOTES = "\"'`"
_SEPARATORS = ";,:"


def cut_line_overlap(text: str, cursor: Cursor) -> str | Reason:
    """Cut the end of ``text`` where it repeats the rest of the cursor's line."""
    rest = cursor.line_suffix.strip()
    if not rest or "\n" in text:
        return text
    stripped = text.rstrip()
    for length in range(min(len(rest), len(stripped)), 0, -1):
        if stripped.endswith(rest[:length]):
            kept = stripped[:-length]
            if _is_repeated(rest[:length], rest[length:], kept, cursor.line_prefix):
                return kept if kept.strip() else Reason.REPEATS_SUFFIX
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
    return surplus_closers(kept + overlap) > surplus_closers(kept)


def cut_next_lines(text: str, cursor: Cursor) -> str | Reason:
    """Cut ``text`` where its remaining lines are the lines that follow the cursor's."""
    ahead = cursor.snapshot.text[cursor.offset : cursor.offset + _LOOK_AHEAD_CHARS]
    following = [line.strip() for line in ahead.split("\n")[1:] if line.strip()]
    lines = text.split("\n")
    first = 1 if cursor.line_prefix.strip() else 0
    for begin in range(first, len(lines)):
        rest = [line.strip() for line in lines[begin:] if line.strip()]
        if not rest or rest != following[: len(rest)]:
            continue
        kept = "\n".join(lines[:begin]).rstrip()
        if all(len(line) <= 2 for line in rest) and surplus_closers(text) <= surplus_closers(kept):
            continue
        return kept if kept.strip() else Reason.REPEATS_SUFFIX
    return text


def _splits_word(left: str, right: str) -> bool:
    return bool(left and right) and _is_word(left[-1]) and _is_word(right[0])


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
