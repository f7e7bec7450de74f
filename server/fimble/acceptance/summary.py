"""Counts over many records, for people and programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fimble.acceptance.records import Ending, Record, Surface

_STILL_THERE = 0.9
"""The share of an accepted text that has to stand half a minute later to call it still there."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a number of suggestions."""

    shown: int = 0
    accepted: int = 0
    partly: int = 0
    typed: int = 0
    rejected: int = 0
    withdrawn: int = 0
    num_looked_at: int = 0
    """Accepted ones that could be looked at half a minute later."""
    still_there: int = 0
    accepted_chars: int = 0

    @property
    def accepted_share(self) -> float | None:
        """Wholly and partly accepted ones of all that were decided on; ``None`` when there are none."""
        num_decided = self.shown - self.withdrawn
        return (self.accepted + self.partly) / num_decided if num_decided else None

    @property
    def still_there_share(self) -> float | None:
        """``None`` when nothing could be looked at."""
        return self.still_there / self.num_looked_at if self.num_looked_at else None


def count(records: Iterable[Record]) -> Counts:
    """The counts of all ``records``."""
    found = list(records)
    looked_at = [record for record in found if record.kept_share is not None]

    def ended(ending: Ending) -> int:
        return sum(record.ending is ending for record in found)

    return Counts(
        shown=len(found),
        accepted=ended(Ending.ACCEPTED),
        partly=ended(Ending.PARTLY),
        typed=ended(Ending.TYPED),
        rejected=ended(Ending.REJECTED),
        withdrawn=ended(Ending.WITHDRAWN),
        num_looked_at=len(looked_at),
        still_there=sum((record.kept_share or 0) >= _STILL_THERE for record in looked_at),
        accepted_chars=sum(record.num_accepted_chars for record in found),
    )


def by_language(records: Iterable[Record], surface: Surface) -> dict[str, Counts]:
    """The counts of each language on one surface, the most shown first."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.surface is surface:
            groups.setdefault(record.language, []).append(record)
    counts = {language: count(group) for language, group in groups.items()}
    return dict(sorted(counts.items(), key=lambda item: (-item[1].shown, item[0])))
