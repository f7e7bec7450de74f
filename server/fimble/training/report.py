"""``report.html``: what was learned, proved and decided, for a person who need not know how models are trained.

One file without references to anything outside it. Everything in it that comes from a repository or a model is escaped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from fimble.training.examples_shown import Shown
from fimble.training.verdict import Change, Comparison, Verdict

_TEMPLATE = "report.html.jinja"
_SVG = re.compile(r"<svg\b.*</svg>", re.DOTALL)
_NAMES = {"fim": "holes", "test": "held out", "num_chars": "characters", "bf16": "bfloat16 asked for"}
_UNSAID = frozenset({"format", "repository", "created", "seconds", "seed"})
"""Of a card: what the page says elsewhere, or nobody wants to know."""
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report tells."""

    name: str
    """The repository's."""
    model: str
    created: str
    """ISO 8601."""
    verdict: Verdict
    figures_shown: Mapping[str, Comparison] = field(default_factory=dict)
    """What was measured beside and decided nothing, by its name."""
    card: Mapping[str, Any] = field(default_factory=dict)
    """The data card."""
    curves: str = ""
    """SVG text, ours."""
    examples: Sequence[Shown] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    """What the run came to: steps, tokens, seconds."""
    hardware: Mapping[str, str] = field(default_factory=dict)
    remove_command: str = ""
    notes: Sequence[str] = ()
    """Sentences that belong at the top, such as that an earlier adapter stays."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    measure: str
    before: str
    after: str
    change: str
    interval: str
    is_better: bool | None
    """None where the interval holds 0: it may be chance."""
    bar: tuple[float, float, float] | None
    """(low, change, high) as shares of the drawing's width, 0.5 being no change; right of it is better."""


@dataclass(frozen=True, slots=True)
class Section:
    """A small table of names and values."""

    title: str
    """Empty for what has no heading."""
    columns: tuple[str, ...]
    """Headings, where there are several values to a name."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One set of holes."""

    title: str
    about: str
    rows: tuple[Row, ...]


def render(facts: Facts) -> str:
    """The whole page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("fimble.training").joinpath(_TEMPLATE).read_text(encoding="utf-8"))
    text = template.render(
        facts=facts,
        verdict=facts.verdict,
        tables=_tables(facts),
        card=sections_of({name: value for name, value in facts.card.items() if name not in _UNSAID}),
        run=[
            *sections_of(facts.training, "the run"),
            *sections_of(facts.settings, "settings"),
            *sections_of(facts.hardware, "hardware and programs"),
        ],
        groups=_groups(facts.examples),
        curves=_drawing(facts.curves),
    )
    # a path that is no UTF-8 holds lone surrogates
    return text.encode("utf-8", "replace").decode("utf-8")


def _tables(facts: Facts) -> list[Table]:
    verdict = facts.verdict
    tables = [
        _table("Your repository, files it never saw in training", verdict.repository),
        _table("General code, cut from Python's standard library", verdict.general),
    ]
    return tables + [
        _table(f"{name} (measured for comparison; decides nothing)", found)
        for name, found in facts.figures_shown.items()
    ]


def _table(title: str, found: Comparison) -> Table:
    about = f"{found.num_holes} holes in {found.num_files} {'file' if found.num_files == 1 else 'files'}. "
    about += f"{found.num_gained} are right only after training and {found.num_lost} only before"
    about += f" (McNemar's exact test: p = {found.exact_p:.3f}). "
    fell = "< 0.001" if found.loss_p < 0.001 else f"= {found.loss_p:.3f}"
    about += f"Chance alone would let the loss fall so far with p {fell}"
    about += f" (permutation test, one {found.unit} at a time)."
    return Table(
        title,
        about,
        (
            _row("Filled exactly", found.exact, 100, " %", 1, is_high_good=True),
            _row("Similarity to what stood there", found.similarity, 100, " %", 1, is_high_good=True),
            _row("Loss (surprise at what stood there)", found.loss, 1, "", 3, is_high_good=False),
        ),
    )


def _row(measure: str, change: Change, scale: float, unit: str, digits: int, is_high_good: bool) -> Row:
    def number(value: float, sign: str = "") -> str:
        return f"{value * scale:{sign}.{digits}f}{unit}" if math.isfinite(value) else "no number"

    low, middle, high = (
        (change.low, change.difference, change.high)
        if is_high_good
        else (-change.high, -change.difference, -change.low)
    )
    is_drawn = all(map(math.isfinite, (low, middle, high)))
    reach = max(abs(low), abs(high), abs(middle), 1e-9) * 1.15 if is_drawn else 1.0
    return Row(
        measure,
        number(change.before),
        number(change.after),
        number(change.difference, "+"),
        f"{number(change.low, '+')} to {number(change.high, '+')}",
        None if not is_drawn or low <= 0 <= high else low > 0,
        tuple(0.5 + value / reach / 2 for value in (low, middle, high)) if is_drawn else None,  # type: ignore[arg-type]
    )


def _groups(shown: Sequence[Shown]) -> list[tuple[str, list[Shown]]]:
    groups: dict[str, list[Shown]] = {}
    for one in shown:
        groups.setdefault(one.group.value, []).append(one)
    return list(groups.items())


def sections_of(card: Mapping[str, Any], title: str = "") -> list[Section]:
    """A nested mapping as tables: what is nested gets one of its own after its parent, alike mappings one together."""
    rows: list[tuple[str, tuple[str, ...]]] = []
    nested: list[Section] = []
    for name, value in card.items():
        if isinstance(value, Mapping) and value:
            heading = f"{title} · {_plain(name)}" if title else _plain(name)
            matrix = _matrix(value, heading)
            nested += [matrix] if matrix else sections_of(value, heading)
        elif value != "":
            rows.append((_plain(name), (_value(value),)))
    return ([Section(title, (), tuple(rows))] if rows else []) + nested


def _matrix(values: Mapping[str, Any], title: str) -> Section | None:
    """Mappings with the same names, beside each other; nothing where they are not such."""
    if len(values) < 2 or not all(isinstance(column, Mapping) and column for column in values.values()):
        return None
    first = next(iter(values.values()))
    if any(
        list(column) != list(first) or any(isinstance(v, Mapping) for v in column.values())
        for column in values.values()
    ):
        return None
    rows = [(_plain(name), tuple(_value(column[name]) for column in values.values())) for name in first]
    return Section(title, tuple(map(_plain, values)), tuple(rows))


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping | list | tuple):
        parts = [_value(one) for one in value]
        return ", ".join(parts[:20]) + (f" and {len(parts) - 20} more" if len(parts) > 20 else "") if parts else "none"
    return str(value)


def _plain(name: object) -> str:
    """``num_files`` -> ``files``: for people, not for programs."""
    return _NAMES.get(str(name)) or re.sub(r"^num_", "", str(name)).replace("_", " ")


def _drawing(svg: str) -> str:
    """The ``svg`` element alone, on the page's own background and in its colour."""
    found = _SVG.search(svg)
    if not found:
        return ""
    return _METADATA.sub("", found[0]).replace("fill: #ffffff", "fill: none").replace("#000000", "currentColor")
