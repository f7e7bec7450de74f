"""Where two versions of one text differ, found with block comparisons: a keystroke in a huge file stays cheap."""

from __future__ import annotations

from dataclasses import dataclass

BLOCK_CHARS = 1 << 16


@dataclass(frozen=True, slots=True)
class Difference:
    """``before[start:before_end]`` became ``after[start:after_end]``; the rest is the same."""

    start: int
    before_end: int
    after_end: int


def difference(before: str, after: str, start: int | None = None) -> Difference | None:
    """The smallest single range that changed, or ``None`` for equal texts.

    ``start`` is an offset up to which the texts are known to be equal; it saves the search for it.
    """
    if start is None and before == after:
        return None
    limit = min(len(before), len(after))
    first = _equal_at_start(before, after, min(start or 0, limit), limit)
    if first == len(before) == len(after):
        return None
    same = _equal_at_end(before, after, limit - first)
    return Difference(first, len(before) - same, len(after) - same)


def _equal_at_start(before: str, after: str, known: int, limit: int) -> int:
    """How many characters are equal from the start, ``known`` of them known to be."""
    step = BLOCK_CHARS
    while known < limit and step:
        end = min(known + step, limit)
        if after.startswith(before[known:end], known):
            known = end
        else:
            step = min(step, end - known) // 2
    return known


def _equal_at_end(before: str, after: str, limit: int) -> int:
    """How many characters are equal at the end, at most ``limit``."""
    same, step = 0, BLOCK_CHARS
    while same < limit and step:
        more = min(same + step, limit)
        if after.endswith(before[len(before) - more : len(before) - same], 0, len(after) - same):
            same = more
        else:
            step = min(step, more - same) // 2
    return same
