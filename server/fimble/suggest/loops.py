"""Small models run in circles: the same few characters or lines again and again."""

from __future__ import annotations

import re

from fimble.text import Cursor, Reason

_LONGEST_PERIOD_CHARS = 80
_MIN_ROUNDS = 4
_MIN_LOOP_CHARS = 40
_LONGEST_TAIL_CHARS = 800
_DIGITS = re.compile(r"[0-9]")


def loop_start(text: str) -> int | None:
    """Where the loop begins in which ``text`` ends, or ``None``; digits count as equal.

    A loop is four times the same 2 to 80 characters, 40 in all; a ruler of one character is none.
    Asked after every token, so one pass must do: the text is read backwards, and the border of
    each of its ends (Knuth, Morris and Pratt) tells the shortest period of that end.
    """
    tail = text[-_LONGEST_TAIL_CHARS:].rstrip()
    if len(tail) < _MIN_LOOP_CHARS:
        return None
    backwards = _DIGITS.sub("0", tail)[::-1]
    borders = [0] * len(backwards)
    border = longest = 0
    for index in range(1, len(backwards)):
        char = backwards[index]
        while border and backwards[border] != char:
            border = borders[border - 1]
        if backwards[border] == char:
            border += 1
        borders[index] = border
        length = index + 1
        period = length - border
        if length >= _MIN_LOOP_CHARS and 2 <= period <= _LONGEST_PERIOD_CHARS:
            rounds, rest = divmod(length, period)
            if not rest and rounds >= _MIN_ROUNDS:
                longest = length
    return max(0, len(text) - _LONGEST_TAIL_CHARS) + len(tail) - longest if longest else None


def cut_loops(text: str, cursor: Cursor) -> str | Reason:
    """Cut ``text`` before the line in which it begins to run in a loop."""
    kept = text
    while (start := loop_start(kept)) is not None:
        kept = kept[: max(0, kept.rfind("\n", 0, start + 1))].rstrip()
    return kept if kept or not text else Reason.LOOPS
