"""How a person's acceptance moves the threshold above which a suggestion is shown.

A calibrated model knows how often it is right, not how often this person wants to be
helped. People take about a third of what a good engine shows (35 to 38 % in JetBrains'
full-line completion). Whoever takes fewer than the model's confidence promises sees
fewer, whoever takes more sees more. The step is small and smoothed: no records, no
change, and never more than ``MAX_ADJUSTMENT``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fimble.acceptance.records import Ending, Record, Surface

MAX_ADJUSTMENT = 0.1
NUM_RECENT = 200
"""How many of the last records count."""
_NUM_BUCKETS = 10
_NUM_PRIOR = 50.0
"""As if so many suggestions had been taken exactly as often as promised."""
_TAKEN_WHEN_RIGHT = 0.55
"""Share of right suggestions that people take; confidence around 0.6 then gives the third above."""
_GAIN = 0.4
_WORTH = {Ending.ACCEPTED: 1.0, Ending.PARTLY: 0.5, Ending.TYPED: 0.5, Ending.REJECTED: 0.0}
"""How much each ending says that the suggestion was wanted; those that nobody decided say nothing."""
_GONE = 0.5
"""With less than this of its text left half a minute later, a suggestion was not wanted after all."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Suggestions of about one confidence: how many were shown and how many of them were wanted."""

    confidence: float
    num_shown: int
    num_wanted: float


def buckets(records: Iterable[Record]) -> list[Bucket]:
    """The inline suggestions that a person decided on, by confidence."""
    shown = [0] * _NUM_BUCKETS
    wanted = [0.0] * _NUM_BUCKETS
    sure = [0.0] * _NUM_BUCKETS
    for record in records:
        if record.surface is Surface.INLINE and record.ending in _WORTH:
            number = min(_NUM_BUCKETS - 1, max(0, int(record.confidence * _NUM_BUCKETS)))
            shown[number] += 1
            sure[number] += record.confidence
            is_gone = record.kept_share is not None and record.kept_share < _GONE
            wanted[number] += 0.0 if is_gone else _WORTH[record.ending]
    return [Bucket(sure[i] / shown[i], shown[i], wanted[i]) for i in range(_NUM_BUCKETS) if shown[i]]


def adjustment(counts: Sequence[Bucket]) -> float:
    """What to add to the threshold of confidence, from ``-MAX_ADJUSTMENT`` to ``MAX_ADJUSTMENT``; 0 without data."""
    num_shown = sum(bucket.num_shown for bucket in counts)
    surplus = sum(bucket.num_wanted - _TAKEN_WHEN_RIGHT * bucket.confidence * bucket.num_shown for bucket in counts)
    step = -_GAIN * surplus / (num_shown + _NUM_PRIOR)
    return max(-MAX_ADJUSTMENT, min(MAX_ADJUSTMENT, step))
