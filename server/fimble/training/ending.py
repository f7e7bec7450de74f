"""The end of the road: what was learned is published or rolled back, and a report says which, and why."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fimble.errors import AdapterInvalid, TrainingError
from fimble.training.evaluate import Scored
from fimble.training.examples_shown import pick
from fimble.training.records import Example
from fimble.training.report import Facts, render
from fimble.training.road import Outcome, Tools
from fimble.training.runs import Order, Run, write_text
from fimble.training.verdict import Comparison, Verdict, compare
from fimble.weights.adapter import Adapter, read_about, write_adapter


@dataclass(frozen=True, slots=True)
class Holes:
    """What the model is judged by."""

    own: Sequence[Example]
    general: Sequence[Example]
    shown: Mapping[str, Sequence[Example]]

    @property
    def all(self) -> list[Example]:
        return [*self.own, *self.general, *(item for items in self.shown.values() for item in items)]


@dataclass(frozen=True, slots=True)
class Learned:
    """What training left on the disk beside the adapter."""

    settings: Mapping[str, Any]
    training: Mapping[str, Any]
    train_losses: Sequence[tuple[int, float]]
    validation_losses: Sequence[tuple[int, float]]
    best_step: int


def conclude(
    run: Run,
    order: Order,
    tools: Tools,
    holes: Holes,
    before: Sequence[Scored],
    after: Sequence[Scored],
    learned: Learned,
    verdict: Verdict,
    adapter: Adapter,
) -> Outcome:
    """Publish or roll back, and say so in a report."""
    check_base(order, tools)
    shown, begin = dict[str, Comparison](), len(holes.own) + len(holes.general)
    for name, items in holes.shown.items():
        end = begin + len(items)
        shown[name] = compare(before[begin:end], after[begin:end], [str(number) for number in range(len(items))])
        begin = end
    notes = tuple(_notes(tools.adapter_folder, order, verdict, learned))
    num_own = len(holes.own)
    page = render(
        Facts(
            name=Path(order.root).name,
            model=order.model,
            created=adapter.about.created,
            verdict=verdict,
            figures_shown=shown,
            card=_card(run),
            curves=tools.draw(learned.train_losses, learned.validation_losses, learned.best_step),
            examples=pick(holes.own, before[:num_own], after[:num_own]),
            settings=learned.settings,
            training=learned.training,
            hardware=tools.hardware,
            remove_command=f"fimble models remove-adapter {run.id}",
            notes=notes,
        )
    )
    write_text(run.report, page)
    published = _publish(tools, verdict, adapter, page) if verdict.is_kept else None
    result = {
        "is_kept": verdict.is_kept,
        "reasons": verdict.reasons,
        "workspace": order.root,
        "model": order.model,
        "repository": _figures(verdict.repository),
        "general": _figures(verdict.general),
        "shown": {name: _figures(found) for name, found in shown.items()},
        "training": _finite(learned.training),
        "settings": learned.settings,
        "adapter": str(published) if published else None,
        "report": str(run.report),
        "notes": notes,
    }
    run.end(order, result)
    return Outcome(verdict, run.report, published, shown, notes, result)


def _publish(tools: Tools, verdict: Verdict, adapter: Adapter, page: str) -> Path:
    """Give what was learned, whole and with its report, the name that it is served under."""
    own, general = verdict.repository, verdict.general
    figures = {
        "exact_match_before": own.exact.before,
        "exact_match_after": own.exact.after,
        "loss_before": own.loss.before,
        "loss_after": own.loss.after,
        "general_loss_before": general.loss.before,
        "general_loss_after": general.loss.after,
    }
    target = tools.adapter_folder
    write_adapter(target, replace(adapter.about, id=target.name, figures=figures), adapter.tensors, page)
    return target


def _notes(target: Path, order: Order, verdict: Verdict, learned: Learned) -> Iterator[str]:
    if not learned.best_step:
        yield "No step of the training made the validation loss lower than it was, so nothing was learned."
    if target.exists() and verdict.is_kept:
        yield "It takes the place of what was learned in an earlier training."
    elif target.exists():
        yield (
            "What was learned in an earlier training stays in use."
            if _is_of(target, order)
            else "What was learned in an earlier training stays, and is not used: it is damaged or of another model."
        )


def _is_of(target: Path, order: Order) -> bool:
    """Whether the adapter in ``target`` is of the model that is served."""
    try:
        about = read_about(target)
    except AdapterInvalid:
        return False
    return (about.model, about.base_sha256) == (order.model, order.base_sha256)


def check_base(order: Order, tools: Tools) -> None:
    """Raises ``TrainingError`` where the model is not the one any more that was trained on."""
    if tools.base_sha256() != order.base_sha256:
        raise TrainingError(
            f"The model {order.model} was set up anew from another source while it was trained.", "Run it again."
        )


def _card(run: Run) -> Mapping[str, Any]:
    try:
        card = json.loads((run.dataset / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def _figures(found: Comparison) -> dict[str, Any]:
    return _finite(asdict(found))


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN: null stands for it."""
    return {
        name: _finite(value)
        if isinstance(value, Mapping)
        else None
        if isinstance(value, float) and not math.isfinite(value)
        else value
        for name, value in values.items()
    }
