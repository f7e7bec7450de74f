"""Measures of an answer against the text that really stood there; for benchmarks and training alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def first_line(text: str) -> str:
    """The first line of ``text`` that is not blank, without white space around it; else the empty string."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def exact_match(answer: str, expected: str) -> bool:
    """Whether both have the same first line, white space around it apart."""
    return first_line(answer) == first_line(expected)


def is_right(suggestion: str, line_prefix: str, truth: str) -> bool:
    """Whether a suggestion's first line is what was really typed next.

    ``line_prefix`` is the cursor's line before the cursor, ``truth`` all that is still to be typed.
    Where the true line goes on, the suggestion's first line must equal its rest, leading blanks
    included; where it ends here, the next true line with something on it counts, and the
    suggestion must begin with the line break. On a line that is blank so far, blanks do not count.
    """
    rest, _, following = truth.partition("\n")
    begun, _, _ = suggestion.partition("\n")
    if not line_prefix.strip():
        return bool(first_line(truth)) and first_line(suggestion) == first_line(truth)
    if rest.strip():
        return begun.rstrip() == rest.rstrip()
    return not begun.strip() and bool(first_line(following)) and exact_match(suggestion, following)


def edit_similarity(answer: str, expected: str) -> float:
    """1 less the edits (Levenshtein) from one to the other a character of the longer one: 0 to 1, 1 for equal texts."""
    longest = max(len(answer), len(expected))
    if answer == expected:
        return 1.0
    row = list(range(len(expected) + 1))
    for number, char in enumerate(answer, 1):
        diagonal, row[0] = row[0], number
        for place, wanted in enumerate(expected, 1):
            above = row[place]
            row[place] = min(above + 1, row[place - 1] + 1, diagonal + (char != wanted))
            diagonal = above
    return 1 - row[-1] / longest


def num_matching_characters(suggestion: str, truth: str) -> int:
    """How many characters of ``truth`` a suggestion's whole lines give, from the first on; 0 where the first differs.

    White space at the ends of lines does not count against it.
    """
    num_characters = 0
    for number, (given, wanted) in enumerate(zip(suggestion.split("\n"), truth.split("\n"), strict=False)):
        if given.rstrip() != wanted.rstrip():
            break
        num_characters += len(wanted) + (number > 0)
    return num_characters


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Two ways of doing the same items, compared item by item."""

    difference_points: float
    """Share of the first less that of the second, in points of 100."""
    standard_error_points: float
    num_only_first: int
    """Items that the first solved and the second did not."""
    num_only_second: int
    p_value: float
    """McNemar's exact test: how likely a split as uneven as this is if both were equally good."""


def paired_difference(first: Sequence[bool], second: Sequence[bool]) -> PairedDifference:
    """Compare successes on the same items, in the same order. Raises ``ValueError`` for unequal lengths or none."""
    num_items = len(first)
    if not num_items:
        raise ValueError("there are no items to compare")
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    num_split = only_first + only_second
    mean = (only_first - only_second) / num_items
    variance = max(0.0, num_split / num_items - mean**2) / num_items
    tail = sum(math.comb(num_split, k) for k in range(min(only_first, only_second) + 1)) / 2**num_split
    return PairedDifference(
        round(100 * mean, 2), round(100 * math.sqrt(variance), 2), only_first, only_second, min(1.0, 2 * tail)
    )
