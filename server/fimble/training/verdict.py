"""Whether what was learned may be kept: decided from scores of the same holes before and after, and nothing else.

Kept only if all of these hold:

1. On held-out holes of the repository the loss falls, beyond noise: a one-sided paired permutation test on the
   differences, p < 0.05. Under "nothing was gained" a difference is as likely to be positive as negative, so the
   signs are flipped in every way (or in 20 000 random ones) and counted how often the mean falls as far as it did.
   The loss decides, and not the exact match, since it tells of every hole how much better it is foretold: with a
   few hundred holes a real gain is seen in it long before enough holes have become right. No shape of the
   differences is assumed, as a t-test would. Holes of one file are alike, so where there are files enough the signs
   of all of a file's holes are flipped together; else each hole's by itself, and the comparison says so.
2. There the exact match does not fall beyond noise: McNemar's exact test, two-sided p >= 0.05 or no fall.
3. On general code the mean loss rises by no more than ``Limits.general_rise`` of what it was.
4. There, too, the exact match does not fall beyond noise.
5. Every loss is a number.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fimble.scoring import paired_difference
from fimble.training.evaluate import Scored, is_sound

_MIN_FILES = 8
"""With fewer units than this, a permutation test of whole files could hardly accept anything."""
_EXACT_UNITS = 14
_NUM_DRAWS = 20_000
_SEED = 7


@dataclass(frozen=True, slots=True)
class Limits:
    """What is tolerated."""

    p_value: float = 0.05
    general_rise: float = 0.02
    """Of the mean loss on general code, as a share of what it was."""


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before and after."""

    before: float
    after: float
    low: float
    """The 95 % interval of after less before, by resampling units."""
    high: float

    @property
    def difference(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same holes before and after."""

    num_holes: int
    num_files: int
    unit: str
    """``file`` or ``hole``: what is taken to be independent of the others."""
    exact: Change
    """Share of the holes that were filled exactly, 0 to 1."""
    num_gained: int
    """Holes that were right only after."""
    num_lost: int
    """Holes that were right only before."""
    exact_p: float
    """McNemar's exact test, two-sided."""
    similarity: Change
    loss: Change
    """Mean over holes, in nats a token."""
    loss_p: float
    """One-sided: how often chance alone lets the loss fall so far."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is kept, and why."""

    is_kept: bool
    reasons: tuple[str, ...]
    """Sentences: all that spoke against it, or what spoke for it."""
    repository: Comparison
    general: Comparison


def compare(before: Sequence[Scored], after: Sequence[Scored], paths: Sequence[str]) -> Comparison:
    """``paths``: each hole's file. Raises ``ValueError`` for unequal lengths or no holes."""
    if not len(before) == len(after) == len(paths) or not paths:
        raise ValueError("the same holes are to be compared, and at least one")
    num_files = len(set(paths))
    by_file = num_files >= _MIN_FILES
    units = _units(paths if by_file else [str(number) for number in range(len(paths))])
    losses = [second.loss - first.loss for first, second in zip(before, after, strict=True)]
    mcnemar = paired_difference([one.is_exact for one in after], [one.is_exact for one in before])
    return Comparison(
        num_holes=len(paths),
        num_files=num_files,
        unit="file" if by_file else "hole",
        exact=_change([float(one.is_exact) for one in before], [float(one.is_exact) for one in after], units),
        num_gained=mcnemar.num_only_first,
        num_lost=mcnemar.num_only_second,
        exact_p=mcnemar.p_value,
        similarity=_change([one.edit_similarity for one in before], [one.edit_similarity for one in after], units),
        loss=_change([one.loss for one in before], [one.loss for one in after], units),
        loss_p=_fall_p(_sums(losses, units)) if all(map(math.isfinite, losses)) else 1.0,
    )


def decide(
    repository: tuple[Sequence[Scored], Sequence[Scored], Sequence[str]],
    general: tuple[Sequence[Scored], Sequence[Scored], Sequence[str]],
    limits: Limits = Limits(),
) -> Verdict:
    """Each set as (scores before, scores after, files). Raises ``ValueError`` as ``compare`` does."""
    own, other = compare(*repository), compare(*general)
    against = []
    if not all(map(is_sound, (*repository[1], *general[1]))):
        against.append("What was learned is broken: a loss is not a number.")
    else:
        against += _against_repository(own, limits) + _against_general(other, limits)
    return Verdict(not against, tuple(against) or _in_favour(own, other), own, other)


def _against_repository(own: Comparison, limits: Limits) -> list[str]:
    against = []
    if own.loss_p >= limits.p_value or own.loss.difference >= 0:
        went = "fell only" if own.loss.difference < 0 else "did not fall, but went"
        against.append(
            f"On {own.num_holes} held-out holes of the repository the loss {went} from {own.loss.before:.3f} to"
            f" {own.loss.after:.3f}, which is no gain beyond noise (p = {own.loss_p:.3f}, and"
            f" {limits.p_value} is asked for)."
        )
    return against + _fewer_right(own, "the repository", limits)


def _against_general(other: Comparison, limits: Limits) -> list[str]:
    against = []
    if other.loss.after > other.loss.before * (1 + limits.general_rise):
        rise = other.loss.after / other.loss.before - 1 if other.loss.before else math.inf
        against.append(
            f"On general code the loss rose by {rise:.1%}, from {other.loss.before:.3f} to {other.loss.after:.3f};"
            f" {limits.general_rise:.0%} is the limit."
        )
    return against + _fewer_right(other, "general code", limits)


def _fewer_right(found: Comparison, where: str, limits: Limits) -> list[str]:
    if found.num_lost <= found.num_gained or found.exact_p >= limits.p_value:
        return []
    return [
        f"On {where} fewer holes are filled exactly: {found.num_lost} were right only before and"
        f" {found.num_gained} only after (p = {found.exact_p:.3f})."
    ]


def _in_favour(own: Comparison, other: Comparison) -> tuple[str, ...]:
    exact = f"{own.exact.before:.1%} of them were filled exactly before and {own.exact.after:.1%} are now"
    change = other.loss.after / other.loss.before - 1 if other.loss.before else 0.0
    return (
        f"On {own.num_holes} held-out holes of the repository the loss fell from {own.loss.before:.3f} to"
        f" {own.loss.after:.3f} ({_p(own.loss_p)}); {exact}.",
        f"On {other.num_holes} holes in general code the loss changed by {change:+.1%}, which is within the limit.",
    )


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _units(names: Sequence[str]) -> list[NDArray[np.int64]]:
    """The indices of each unit's holes."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[name].append(place)
    return [np.array(found) for found in places.values()]


def _sums(values: Sequence[float], units: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    numbers = np.array(values, np.float64)
    return np.array([numbers[unit].sum() for unit in units])


def _change(before: Sequence[float], after: Sequence[float], units: Sequence[NDArray[np.int64]]) -> Change:
    """With a percentile bootstrap over units."""
    differences = np.array(after, np.float64) - np.array(before, np.float64)
    sums, sizes = _sums(differences.tolist(), units), np.array([len(unit) for unit in units])
    draws = np.random.default_rng(_SEED).integers(0, len(units), (2000, len(units)))
    means = sums[draws].sum(1) / sizes[draws].sum(1)
    low, high = np.quantile(means, (0.025, 0.975)) if np.isfinite(means).all() else (math.nan, math.nan)
    return Change(float(np.mean(before)), float(np.mean(after)), float(low), float(high))


def _fall_p(sums: NDArray[np.float64]) -> float:
    """How often the sum is as low as it is when each unit's sign is a coin's."""
    num_units = len(sums)
    observed = sums.sum() + 1e-12 * np.abs(sums).sum()
    if num_units <= _EXACT_UNITS:
        bits = (np.arange(2**num_units)[:, None] >> np.arange(num_units)) & 1
        return float(((1 - 2 * bits) @ sums <= observed).mean())
    random = np.random.default_rng(_SEED)
    num_as_low = 0
    for _ in range(_NUM_DRAWS // 1000):
        signs = 1 - 2 * random.integers(0, 2, (1000, num_units))
        num_as_low += int((signs @ sums <= observed).sum())
    return (num_as_low + 1) / (_NUM_DRAWS + 1)
