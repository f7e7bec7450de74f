"""Which model suits a machine: what each would take, how long each would be waited for, and the one to have.

Pure: what was measured and what is free comes in, rows and one recommendation come out. The speed of a model that
was not measured is scaled from one that was; that is said of each figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fimble.engine.speed import Speed
from fimble.weights.footprint import Footprint

NUM_TYPED = 8
"""Tokens typed since the prompt was read: all that has to be read before a suggestion."""
NUM_SUGGESTED = 12
"""Tokens of a suggestion: about a line."""
NUM_ACTION_READ = 400
NUM_ACTION_LINE = 16
"""An action reads a function and its surroundings before it writes its first line."""
AT_ONCE_MS, BEARABLE_MS = 300.0, 750.0
"""A suggestion that comes within the first is there when one looks; within the second it comes before most next keys
of a person who pauses."""
MEMORY_SHARE = 0.9
"""Of what is free; the rest is left to whatever starts next."""


MIN_PARAMETERS = 100_000_000
"""Smaller ones answer at once and seldom rightly; they are listed, and recommended to nobody."""


@dataclass(frozen=True, slots=True)
class Option:
    """A model in one precision that could be served here."""

    model: str
    precision: str
    provider: str
    """``cpu`` or ``cuda``: where it would run."""
    parameters: int
    footprint: Footprint
    is_installed: bool
    fills_holes: bool
    """It sees what stands behind the cursor."""
    measured: Speed | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An option with its figures."""

    option: Option
    speed: Speed | None
    """Nothing where no measured model runs on the same device."""
    is_measured: bool
    memory_bytes: int
    """Weights, program and a full KV cache."""
    fits: bool
    suggestion_ms: float | None
    """``NUM_SUGGESTED`` tokens behind a prompt that is in the cache, none of them guessed."""
    action_line_ms: float | None

    @property
    def label(self) -> str:
        return f"{self.option.model} ({self.option.precision})"


@dataclass(frozen=True, slots=True)
class Advice:
    """All rows, the smallest model first, and what to do."""

    rows: tuple[Row, ...]
    best: Row | None
    """Nothing where no model fits."""
    better: Row | None
    """A larger one that is bearable, for who would rather wait than read what is wrong."""


def advise(options: Sequence[Option], free_bytes: dict[str, int], kv_cache_bytes: int) -> Advice:
    """Rank ``options``. ``free_bytes``: memory by provider. ``kv_cache_bytes``: the most that the cache may take."""
    rows = tuple(
        sorted(
            (_row(option, options, free_bytes, kv_cache_bytes) for option in options),
            key=lambda row: (row.option.parameters, row.option.model, row.option.provider, row.option.precision),
        )
    )
    timed = [row for row in rows if row.fits and row.suggestion_ms is not None and _is_worth_having(row.option)]
    quick = [row for row in timed if _ms(row) <= AT_ONCE_MS]
    best = _largest(quick) or min(timed, key=_ms, default=None)
    larger = [
        row for row in timed if best and row.option.parameters > best.option.parameters and _ms(row) <= BEARABLE_MS
    ]
    return Advice(rows, best, _largest(larger))


def scaled(speed: Speed, of: Footprint, to: Footprint) -> Speed:
    """The speed of another model on the same device, from that of one that was measured."""
    return Speed(
        speed.read_tokens_per_s * of.token_products / to.token_products,
        speed.write_ms * to.token_bytes / of.token_bytes,
    )


def _row(option: Option, options: Sequence[Option], free_bytes: dict[str, int], kv_cache_bytes: int) -> Row:
    speed = option.measured or _estimate(option, options)
    memory_bytes = option.footprint.memory_bytes + kv_cache_bytes
    suggestion_ms = action_ms = None
    if speed is not None:
        suggestion_ms = NUM_TYPED / speed.read_tokens_per_s * 1000 + NUM_SUGGESTED * speed.write_ms
        action_ms = NUM_ACTION_READ / speed.read_tokens_per_s * 1000 + NUM_ACTION_LINE * speed.write_ms
    return Row(
        option=option,
        speed=speed,
        is_measured=option.measured is not None,
        memory_bytes=memory_bytes,
        fits=memory_bytes <= MEMORY_SHARE * free_bytes.get(option.provider, 0),
        suggestion_ms=suggestion_ms,
        action_line_ms=action_ms,
    )


def _estimate(option: Option, options: Sequence[Option]) -> Speed | None:
    """From the measured option on the same device that is nearest in size."""
    known = [one for one in options if one.measured is not None and one.provider == option.provider]
    if not known:
        return None
    nearest = min(known, key=lambda one: abs(one.footprint.token_bytes - option.footprint.token_bytes))
    assert nearest.measured is not None
    return scaled(nearest.measured, nearest.footprint, option.footprint)


def _is_worth_having(option: Option) -> bool:
    return option.fills_holes and option.parameters >= MIN_PARAMETERS


def _largest(rows: Sequence[Row]) -> Row | None:
    """The most parameters; of the same model the quickest form."""
    return max(rows, key=lambda row: (row.option.parameters, -_ms(row)), default=None)


def _ms(row: Row) -> float:
    assert row.suggestion_ms is not None
    return row.suggestion_ms
