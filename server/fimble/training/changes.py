"""A file's changed lines, each with so much around it that the change can be understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fimble.index.filetypes import language_of
from fimble.syntax import kinds
from fimble.syntax.languages import Language
from fimble.training.spans import nodes_of, tree_of

MAX_LINES = 64
MAX_CHARS = 2000
CONTEXT_LINES = 4
"""Shown before and after what changed where no definition holds it, or too long a one."""
_MAX_DEFINITION_LINES = 40
_MAX_GROWTH, _MAX_GROWTH_CHARS = 2, 200
"""Code that grows to more than twice its length, and some, is no change of what was there."""
_IMPORT = re.compile(
    r"\s*(?:from\s.+\simport\b|import\b|use\s|using\s|#\s*include\b|.*\brequire\(|[\w.]+,?$|[(){}]+,?;?$|$)"
)
"""A line of an import: which one is needed no message says."""
_LAYOUT = re.compile(r"\s+|,(?=\s*[)\]}])")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines, from 0, of the file before that became lines of the file after."""

    start_before: int
    num_before: int
    start_after: int
    num_after: int


@dataclass(frozen=True, slots=True)
class Change:
    """Whole lines, without the last line break; neither is blank."""

    before: str
    after: str


def changes(path: str, before: str, after: str, hunks: Sequence[Hunk]) -> list[Change]:
    """Those of one file that are small enough, in its order. Changes near each other are one.

    Those of layout or imports alone are none.
    """
    old, new = before.split("\n"), after.split("\n")
    definitions = _definitions(after, language_of(path))
    regions: list[tuple[int, int]] = []
    for hunk in sorted(hunks, key=lambda one: one.start_after):
        start, end = _region(hunk, definitions, len(new))
        while regions and regions[-1][1] >= start:
            start, end = min(start, regions[-1][0]), max(end, regions.pop()[1])
        regions.append((start, end))
    found = []
    for start, end in regions:
        change = _change(old, new, start, end, hunks)
        if change is not None:
            found.append(change)
    return found


def _region(hunk: Hunk, definitions: Sequence[tuple[int, int]], num_lines: int) -> tuple[int, int]:
    """Lines of the file after: the smallest definition around the hunk, else some lines."""
    first, last = hunk.start_after, hunk.start_after + hunk.num_after
    around = [
        one for one in definitions if one[0] <= first and last <= one[1] and one[1] - one[0] <= _MAX_DEFINITION_LINES
    ]
    if around:
        return min(around, key=lambda one: one[1] - one[0])
    return max(0, first - CONTEXT_LINES), min(num_lines, last + CONTEXT_LINES)


def _change(old: Sequence[str], new: Sequence[str], start: int, end: int, hunks: Sequence[Hunk]) -> Change | None:
    inside = [one for one in hunks if start <= one.start_after and one.start_after + one.num_after <= end]
    ahead = [one for one in hunks if one.start_after + one.num_after <= start and one not in inside]
    start_before = start - sum(one.num_after - one.num_before for one in ahead)
    end_before = end - sum(one.num_after - one.num_before for one in (*ahead, *inside))
    if not inside or not 0 <= start_before <= end_before <= len(old):
        return None
    # the lines around a change are the same on both sides, so that empty ones may go from both
    lines = list(old[start_before:end_before]), list(new[start:end])
    for place in (0, -1):
        while all(lines) and not lines[0][place].strip() and not lines[1][place].strip():
            lines[0].pop(place)
            lines[1].pop(place)
    before, after = "\n".join(lines[0]), "\n".join(lines[1])
    if max(map(len, lines)) > MAX_LINES or max(len(before), len(after)) > MAX_CHARS:
        return None
    if not before.strip() or not after.strip() or _LAYOUT.sub("", before) == _LAYOUT.sub("", after):
        return None
    if len(after) > _MAX_GROWTH * len(before) + _MAX_GROWTH_CHARS:
        return None
    changed = set(lines[1]).symmetric_difference(lines[0])
    return None if all(_IMPORT.match(line) for line in changed) else Change(before, after)


def _definitions(text: str, language: Language | None) -> list[tuple[int, int]]:
    """Lines of functions and classes: the first, and the one behind the last."""
    parsed = tree_of(text, language)
    if parsed is None:
        return []
    found = []
    for node in nodes_of(parsed):
        if kinds.owner_of(node) is not None:
            first, last = kinds.whole(node)
            found.append((first.start_point[0], last.end_point[0] + (last.end_point[1] > 0)))
    return found
