"""The part of a passage that fits a budget: whole lines, from the one that matters most."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fimble.context.passages import Passage, split, words
from fimble.context.rank import DEFINES


def excerpt(passage: Passage, weights: Mapping[str, float], max_chars: int) -> str:
    """At most ``max_chars`` characters of ``passage``, or an empty text where not even its best line fits.

    ``weights`` says what each word is worth. What follows the best line comes before what precedes it: the body of a
    definition says more than what happens to stand above.
    """
    lines = split(passage.text)
    if len(passage.text) <= max_chars:
        first, end = 0, len(lines)
    else:
        worth = [_worth(line, weights, passage.declared) for line in lines]
        first = max(range(len(lines)), key=lambda index: (worth[index], -index))
        end, room = first + 1, max_chars - len(lines[first])
        if room < 0:
            return ""
        while end < len(lines) and len(lines[end]) <= room:
            room -= len(lines[end])
            end += 1
        while end == len(lines) and first > 0 and len(lines[first - 1]) <= room:
            first -= 1
            room -= len(lines[first])
    while first < end and not lines[first].strip():
        first += 1
    while end > first and not lines[end - 1].strip():
        end -= 1
    return "".join(lines[first:end])


def _worth(line: str, weights: Mapping[str, float], declared: frozenset[str]) -> float:
    found = words(line) & weights.keys()
    return math.fsum(weights[word] * (DEFINES if word in declared else 1.0) for word in found)
