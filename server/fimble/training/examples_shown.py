"""Which holes a report shows: those that say most about what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fimble.training.evaluate import Scored
from fimble.training.records import Example

_LINES_BEFORE = 8
_LINES_AFTER = 4
_MAX_LINE_CHARS = 160


class Group(StrEnum):
    """What became of a hole; the value is what a person reads."""

    GAINED = "Right only after training"
    LOST = "Right only before training"
    CHANGED = "Answered differently, and right neither time"


@dataclass(frozen=True, slots=True)
class Shown:
    """One hole, side by side."""

    group: Group
    path: str
    prefix: str
    """The last lines before the hole."""
    suffix: str
    """The first lines after it."""
    truth: str
    before: str
    after: str
    loss_before: float
    loss_after: float
    similarity_before: float
    similarity_after: float


def pick(items: Sequence[Example], before: Sequence[Scored], after: Sequence[Scored], num_each: int = 4) -> list[Shown]:
    """At most so many of each group: first those whose loss changed most in the direction of their group."""
    found: dict[Group, list[tuple[float, Shown]]] = {group: [] for group in Group}
    for item, first, second in zip(items, before, after, strict=True):
        group = _group_of(first, second)
        if group is not None:
            gain = first.loss - second.loss
            weight = {Group.GAINED: gain, Group.LOST: -gain, Group.CHANGED: abs(gain)}[group]
            found[group].append((weight, _shown(group, item, first, second)))
    picked = []
    for ranked in found.values():
        ranked.sort(key=lambda one: -one[0])
        picked += [shown for _, shown in ranked[:num_each]]
    return picked


def _group_of(before: Scored, after: Scored) -> Group | None:
    if before.is_exact != after.is_exact:
        return Group.GAINED if after.is_exact else Group.LOST
    return Group.CHANGED if not before.is_exact and before.answer.strip() != after.answer.strip() else None


def _shown(group: Group, item: Example, before: Scored, after: Scored) -> Shown:
    return Shown(
        group,
        item.path,
        "\n".join(_short(line) for line in item.prefix.split("\n")[-_LINES_BEFORE:]),
        "\n".join(_short(line, from_end=False) for line in item.suffix.split("\n")[:_LINES_AFTER]),
        item.middle,
        before.answer,
        after.answer,
        before.loss,
        after.loss,
        before.edit_similarity,
        after.edit_similarity,
    )


def _short(line: str, from_end: bool = True) -> str:
    if len(line) <= _MAX_LINE_CHARS:
        return line
    return "…" + line[-_MAX_LINE_CHARS:] if from_end else line[:_MAX_LINE_CHARS] + "…"
