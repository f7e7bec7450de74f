"""Small models run in circles: the same few characters or lines again and again."""

from __future__ import annotations

import re

from fimble.text import Cursor, Reason

_LOOP = re.compile(r"(?s)(.{2,80}?)\1{3,}$")
_MIN_LOOP_CHARS = 40
_LONGEST_TAIL_CHARS = 800
_DIGITS = re.compile(r"[0-9]")


def loop_start(text: str) -> int | None:
    """Where the loop begins in which ``text`` ends, or ``None``; digits count as equal.

    A loop is four times the same 2 to 80 characters, 40 in all; a ruler of one character is none.
    """
    tail = text[-_LONGEST_TAIL_CHARS:].rstrip()
    found = _LOOP.search(_DIGITS.sub("0", tail))
    if found is None or len(found.group()) < _MIN_LOOP_CHARS or len(set(found.group(1))) == 1:
        return None
    return max(0, len(text) - _LONGEST_TAIL_CHARS) + found.start()


def cut_loops(text: str, cursor: Cursor) -> str | Reason:
    """Cut ``text`` before the line in which it begins to run in a loop."""
    start = loop_start(text)
    if start is None:
        return text
    return text[: max(0, text.rfind("\n", 0, start + 1))].rstrip() or Reason.LOOPS
