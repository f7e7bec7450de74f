"""What changed between two texts, as one edit: all that an incremental parse needs to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes ``start`` to ``old_end`` of the old text became bytes ``start`` to ``new_end`` of the new one."""

    start: int
    old_end: int
    new_end: int


def between(old: bytes, new: bytes) -> Edit:
    """The smallest edit that makes ``new`` of ``old``, on whole characters of UTF-8."""
    start = _common_prefix(old, new)
    while start and (_is_inside(old, start) or _is_inside(new, start)):
        start -= 1
    behind = _common_suffix(old, new, min(len(old), len(new)) - start)
    while behind and (_is_inside(old, len(old) - behind) or _is_inside(new, len(new) - behind)):
        behind -= 1
    return Edit(start, len(old) - behind, len(new) - behind)


def _common_prefix(left: bytes, right: bytes) -> int:
    """How many bytes both begin with. Halves the doubt at each step: comparing slices is fast, a loop is not."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(left: bytes, right: bytes, limit: int) -> int:
    """How many bytes, at most ``limit``, both end with."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if left[len(left) - middle : len(left) - low] == right[len(right) - middle : len(right) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _is_inside(data: bytes, index: int) -> bool:
    """Whether ``index`` lies inside a character."""
    return index < len(data) and data[index] & 0xC0 == 0x80
