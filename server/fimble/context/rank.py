"""How much a passage has to do with the text around a cursor.

The measure is like BM25: words that few passages hold count more, and words near the cursor
more than those further off. A passage that defines a word used at the cursor counts most,
because that is what a person would look up.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from fimble.context.passages import Passage, told, words
from fimble.text import Cursor

LINES_BEFORE, LINES_AFTER = 30, 8
_NEAR = ((1, 3.0), (6, 2.0), (LINES_BEFORE, 1.0))
"""Lines before the cursor, its own first, and the weight of a word that stands there."""
_MAX_CHARS = 6000
DEFINES = 2.5
"""A word that the passage defines counts this many times."""
_LENGTH = 0.5
"""How much the number of words in a passage counts against it, 0 to 1."""
_MIN_SHARE = 0.06
"""Least share of the weight around the cursor that a passage must hold to be worth its tokens."""


@dataclass(frozen=True, slots=True)
class Query:
    """What stands around a cursor."""

    weights: Mapping[str, float]
    """The words there, each with the weight of the nearest place that it stands in."""
    lines: frozenset[str]
    """Lines that the model sees anyway (``passages.told``)."""


def query(cursor: Cursor, seen: tuple[int, int]) -> Query:
    """``seen``: the offsets, start and end, of the cursor's document that the prompt's own window holds."""
    text, at = cursor.snapshot.text, cursor.offset
    before = text[max(0, at - _MAX_CHARS) : at].split("\n")[-LINES_BEFORE:]
    after = text[at : at + _MAX_CHARS // 2].split("\n")[:LINES_AFTER]
    weights = dict.fromkeys(words("\n".join(after)), 1.0)
    first = 0
    for last, weight in _NEAR:
        part = before[-last : len(before) - first]
        for word in words("\n".join(part)):
            weights[word] = max(weight, weights.get(word, 0.0))
        first = last
    return Query(weights, told(text[slice(*seen)].replace("\r", "\n")))


@dataclass(frozen=True, slots=True)
class Ranking:
    """What each word of the query is worth among the passages, and what each passage is."""

    weights: Mapping[str, float]
    """The weight of its place times what it tells: a word that few passages hold tells more."""
    scores: Sequence[float]
    """One a passage, the higher the better; 0 where it is not worth its tokens."""


def rank(query: Query, passages: Sequence[Passage]) -> Ranking:
    """Compares the text around the cursor with each passage."""
    asked = frozenset(query.weights)
    common = [asked & passage.words for passage in passages]
    held = Counter(chain.from_iterable(common))
    total = len(passages)
    weights = {
        word: weight * math.log(1 + (total - held[word] + 0.5) / (held[word] + 0.5))
        for word, weight in query.weights.items()
    }
    whole = math.fsum(weights.values()) or 1.0
    mean_words = sum(len(passage.words) for passage in passages) / (total or 1) or 1.0
    scores = []
    for passage, words_held in zip(passages, common, strict=True):
        defined = words_held & passage.declared
        share = math.fsum(map(weights.__getitem__, words_held)) / whole
        share += (DEFINES - 1) * math.fsum(map(weights.__getitem__, defined)) / whole
        length = 1 - _LENGTH + _LENGTH * len(passage.words) / mean_words
        is_evidence = share >= _MIN_SHARE and (len(words_held) > 1 or bool(defined))
        scores.append(share / length if is_evidence else 0.0)
    return Ranking(weights, scores)


def overlap(lines: frozenset[str], others: frozenset[str]) -> float:
    """The share of ``lines`` that ``others`` hold too, 0 to 1; of no lines it is 1, as they tell nothing new."""
    return len(lines & others) / len(lines) if lines else 1.0
