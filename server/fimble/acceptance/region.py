"""Whole lines of a document, followed through edits of the lines around them.

A region is kept as the lines above and below it, so an edit elsewhere costs one
addition, however large the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Lines ``first`` to ``stop`` (exclusive) became ``num_new`` lines."""

    first: int
    stop: int
    num_new: int


class Region:
    """The lines between the first ``num_above`` and the last ``num_below`` of ``num_lines``."""

    def __init__(self, first: int, stop: int, num_lines: int) -> None:
        self.num_above = first
        self.num_below = num_lines - stop
        self.num_lines = num_lines

    def follow(self, edit: LineEdit, holds_start: bool = False, holds_end: bool = False) -> bool:
        """Take in an edit of the document. Returns whether it touched the region.

        Lines put in just before the region stand above it, unless ``holds_start``; those
        put in just after it stand below, unless ``holds_end``.
        """
        first, stop = self.num_above, self.num_lines - self.num_below
        num_more = edit.num_new - (edit.stop - edit.first)
        self.num_lines += num_more
        adds = edit.first == edit.stop
        if edit.stop <= first and not (holds_start and adds and edit.stop == first):
            self.num_above += num_more
            return False
        if edit.first >= stop and not (holds_end and adds and edit.first == stop):
            self.num_below += num_more
            return False
        self.num_above = min(first, edit.first)
        self.num_below = min(self.num_below, max(0, self.num_lines - edit.first - edit.num_new))
        return True

    def lines(self, lines: Sequence[str]) -> Sequence[str]:
        """The region's lines in the document's present ones."""
        return lines[self.num_above : max(self.num_above, len(lines) - self.num_below)]


def line_edit(before: Sequence[str], after: Sequence[str]) -> LineEdit:
    """The one edit of whole lines that turns ``before`` into ``after``."""
    shorter = min(len(before), len(after))
    first = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    same = next((i for i in range(shorter - first) if before[-1 - i] != after[-1 - i]), shorter - first)
    return LineEdit(first, len(before) - same, len(after) - same - first)


def kept_share(text: str, present: str) -> float:
    """How much of ``text`` is still in ``present``, in its order, 0 to 1; white space does not count."""
    wanted, found = _TOKEN.findall(text), _TOKEN.findall(present)
    num_chars = sum(map(len, wanted))
    if not num_chars:
        return 1.0
    blocks = SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks()
    return sum(len(token) for block in blocks for token in wanted[block.a : block.a + block.size]) / num_chars
