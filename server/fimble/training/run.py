"""The whole road of ``fimble train``: data, what the model knows of it, training, what it knows then, and the verdict.

Every stage leaves what it made on the disk, so that a run that was killed goes on behind the last one, and within
training from its last checkpoint. The adapter that is served is touched once, at the end, and at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from fimble.errors import AdapterInvalid, NothingToLearn, TrainingError
from fimble.training.evaluate import Scored, Scorer, choose
from fimble.training.examples_shown import pick
from fimble.training.finetune import Finetuned
from fimble.training.progress import OnProgress, Progress
from fimble.training.records import Example, Split, read_examples
from fimble.training.report import Facts, render
from fimble.training.runs import Order, Run, run_of, scores_folder, write_json, write_text
from fimble.training.scores import Scores
from fimble.training.settings import Settings
from fimble.training.verdict import Comparison, Verdict, compare, decide
from fimble.weights import locks
from fimble.weights.adapter import REPORT, About, Adapter, read_adapter, write_adapter

MIN_HELD_OUT = 12
"""With fewer holes no gain could be told from chance."""


class Stage(StrEnum):
    """Where the road is; the value is what a person reads."""

    DATA = "Reading the repository"
    BEFORE = "Asking the model as it is"
    SEARCH = "Searching for settings"
    TRAINING = "Training"
    AFTER = "Asking it again"
    VERDICT = "Deciding"


@dataclass(frozen=True, slots=True)
class Step:
    """One look at the road."""

    stage: Stage
    done: int = 0
    total: int = 0
    """0 where nobody knows."""
    what: str = ""
    """What is being done, where a stage does several things."""
    progress: Progress | None = None
    """Of training."""
    note: str = ""
    """A sentence for the person."""


OnStep = Callable[[Step], None]


class Asked(Protocol):
    """The served model, loaded."""

    def scorer(self, adapter: Adapter | None) -> Scorer:
        """What scores holes, from now on with ``adapter``. Raises ``AdapterInvalid``."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What the road is walked with; ``cli/wiring_training.py`` chooses it."""

    fingerprint: str
    """Names the prepared model by its bytes, and what it runs on."""
    base_sha256: Callable[[], str]
    """What the installed model is prepared from, as of now."""
    gather: Callable[[Path, Path, Callable[[str, float], None]], object]
    """From a repository to a folder of examples; tells what is being done, and how much of it is, from 0 to 1.
    Raises ``TrainingError``."""
    general: Callable[[int, int], Sequence[Example]]
    """From a number and a seed to holes in general code."""
    search: Callable[[Path, Settings, Path, int, OnProgress], Settings]
    """From a folder of examples, settings, a folder to work in and a number of trials to better settings."""
    finetune: Callable[[Path, Settings, Path, OnProgress], Finetuned]
    load: Callable[[], Asked]
    """The served model. Raises ``WeightsError`` and ``EngineError``."""
    draw: Callable[[Sequence[tuple[int, float]], Sequence[tuple[int, float]], int], str]
    """From training and validation losses, and the step that was kept, to SVG."""
    adapter_folder: Path
    """Where the workspace's adapter is served from."""
    shown: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    """Holes that are measured for the report and decide nothing, by what they are called."""
    hardware: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    verdict: Verdict
    report: Path
    adapter: Path | None
    """Where what was learned is served from; None where it was rolled back."""
    shown: Mapping[str, Comparison]
    notes: tuple[str, ...]
    result: Mapping[str, Any]
    """The same for programs."""


@dataclass(frozen=True, slots=True)
class _Holes:
    own: Sequence[Example]
    general: Sequence[Example]
    shown: Mapping[str, Sequence[Example]]

    @property
    def all(self) -> list[Example]:
        return [*self.own, *self.general, *(item for items in self.shown.values() for item in items)]


@dataclass(frozen=True, slots=True)
class _Learned:
    """What training left on the disk beside the adapter."""

    settings: Mapping[str, Any]
    training: Mapping[str, Any]
    train_losses: Sequence[tuple[int, float]]
    validation_losses: Sequence[tuple[int, float]]
    best_step: int


def train(order: Order, tools: Tools, on_step: OnStep, is_fresh: bool = False) -> Outcome:
    """Walk the road, from where an earlier run was interrupted unless ``is_fresh``.

    Raises ``TrainingError`` (``NothingToLearn`` where too little can be learned from), ``WeightsError`` and
    ``EngineError``. However it ends, what was served before is served as before, or what was learned instead.
    """
    run = run_of(Path(order.root))
    with _alone(run, order.root):
        order = _begin(run, order, is_fresh, on_step)
        holes = _holes(run, order, tools, on_step)
        before = _ask(holes, tools, None, on_step)
        learned, adapter = _learn(run, order, tools, on_step)
        # what was never better than the base is the base itself
        after = _ask(holes, tools, adapter, on_step) if learned.best_step else before
        on_step(Step(Stage.VERDICT))
        verdict = decide(
            (before[: len(holes.own)], after[: len(holes.own)], [item.path for item in holes.own]),
            (_general(before, holes), _general(after, holes), [item.path for item in holes.general]),
        )
        return _conclude(run, order, tools, holes, before, after, learned, verdict, adapter)


@contextmanager
def _alone(run: Run, root: str) -> Iterator[None]:
    """Be the only one that trains on this workspace."""
    name = f"training-{run.id}"
    if locks.is_held(name):
        raise TrainingError(f"Another fimble is training on {root}.", "Wait until it is done.")
    with locks.held(name, lambda _: None, wait=False):
        yield


def _begin(run: Run, order: Order, is_fresh: bool, on_step: OnStep) -> Order:
    """What is to be done: the rest of an interrupted run, or all of ``order``."""
    left = run.unfinished()
    if left is not None and not is_fresh:
        if (left.model, left.base_sha256) == (order.model, order.base_sha256):
            goes_on = replace(left, settings=_changed(left.settings, order.settings))
            note = "An unfinished training of this repository goes on; `--fresh` would begin anew."
            if goes_on != order:
                note += " It keeps the options that it was started with, but for minutes and device."
            on_step(Step(Stage.DATA, note=note))
            return goes_on
        on_step(Step(Stage.DATA, note="The model is another one than the unfinished training's: it begins anew."))
    run.begin(order)
    return order


def _changed(was: Settings, wanted: Settings) -> Settings:
    """What a run may be gone on with: limits and devices are taken over where they are named."""
    return replace(
        was,
        max_minutes=wanted.max_minutes or was.max_minutes,
        device=wanted.device if wanted.device != "auto" else was.device,
    )


def _holes(run: Run, order: Order, tools: Tools, on_step: OnStep) -> _Holes:
    """What the model is judged by. The examples are gathered if they are not there yet."""

    def tell(what: str, share: float) -> None:
        on_step(Step(Stage.DATA, round(100 * share), 100, what))

    if not run.gathered.exists():
        tools.gather(Path(order.root), run.dataset, tell)
        write_text(run.gathered, "")
    own = choose(read_examples(run.dataset, Split.TEST), order.num_held_out, order.seed)
    if len(own) < MIN_HELD_OUT:
        raise NothingToLearn(
            f"Of {order.root} only {len(own)} holes could be held out to judge by, and {MIN_HELD_OUT} are needed.",
            "There is too little code of its own in it; `fimble dataset` shows what was left out and why.",
        )
    return _Holes(own, tools.general(order.num_general, order.seed), tools.shown)


def _ask(holes: _Holes, tools: Tools, adapter: Adapter | None, on_step: OnStep) -> list[Scored]:
    """The scores of all holes; the model is loaded only where some are not known."""
    stage, items = (Stage.BEFORE if adapter is None else Stage.AFTER), holes.all
    fingerprint = tools.fingerprint if adapter is None else f"{adapter.fingerprint[:16]}{tools.fingerprint[:16]}"
    loaded: list[Asked] = []

    def open_scorer() -> Scorer:
        loaded.append(tools.load())
        return loaded[0].scorer(adapter)

    try:
        on_step(Step(stage, 0, len(items)))
        return Scores(scores_folder(), fingerprint).of(
            items, open_scorer, lambda done: on_step(Step(stage, done, len(items)))
        )
    finally:
        for one in loaded:
            one.close()


def _learn(run: Run, order: Order, tools: Tools, on_step: OnStep) -> tuple[_Learned, Adapter]:
    """Train, unless that is done."""
    with suppress(OSError, ValueError, TypeError, AdapterInvalid):
        return _Learned(**json.loads(run.learned.read_text(encoding="utf-8"))), read_adapter(run.adapter / run.id)

    def teller(stage: Stage) -> OnProgress:
        return lambda progress: on_step(
            Step(stage, progress.step, progress.num_steps, progress.phase.value, progress, progress.note)
        )

    settings = order.settings
    if order.num_trials:
        settings = tools.search(run.dataset, settings, run.folder / "search", order.num_trials, teller(Stage.SEARCH))
    found = tools.finetune(run.dataset, settings, run.finetune, teller(Stage.TRAINING))
    _check_base(order, tools)
    about = About(
        id=run.id,
        model=order.model,
        base_sha256=order.base_sha256,
        root=order.root,
        rank=settings.rank,
        alpha=settings.alpha,
        parts=settings.parts,
        created=_now(),
        num_training_examples=found.num_examples,
    )
    try:
        write_adapter(run.adapter / run.id, about, found.tensors)
    except AdapterInvalid as error:
        raise TrainingError(
            f"What training ended with is no adapter: {error.what}", "Begin anew with `--fresh` and a lower rate."
        ) from error
    learned = _Learned(
        asdict(settings),
        {
            "steps": found.num_steps,
            "kept_step": found.best_step,
            "tokens": found.num_tokens,
            "minutes": round(found.seconds / 60, 1),
            "ended_because": found.stopped_why,
            "validation_loss_before": round(found.base_loss, 4),
            "validation_loss_after": round(found.best_loss, 4),
            "examples": found.num_examples,
        },
        found.train_losses,
        found.validation_losses,
        found.best_step,
    )
    write_json(run.learned, asdict(learned))
    return learned, read_adapter(run.adapter / run.id)


def _conclude(
    run: Run,
    order: Order,
    tools: Tools,
    holes: _Holes,
    before: Sequence[Scored],
    after: Sequence[Scored],
    learned: _Learned,
    verdict: Verdict,
    adapter: Adapter,
) -> Outcome:
    """Publish or roll back, and say so in a report."""
    _check_base(order, tools)
    shown, begin = dict[str, Comparison](), len(holes.own) + len(holes.general)
    for name, items in holes.shown.items():
        end = begin + len(items)
        shown[name] = compare(before[begin:end], after[begin:end], [str(number) for number in range(len(items))])
        begin = end
    notes = tuple(_notes(tools.adapter_folder, verdict, learned))
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
    write_adapter(target, replace(adapter.about, id=target.name, figures=figures), adapter.tensors)
    write_text(target / REPORT, page)
    return target


def _notes(target: Path, verdict: Verdict, learned: _Learned) -> Iterator[str]:
    if not learned.best_step:
        yield "No step of the training made the validation loss lower than it was, so nothing was learned."
    if target.exists():
        yield (
            "It takes the place of what was learned in an earlier training."
            if verdict.is_kept
            else "What was learned in an earlier training stays in use."
        )


def _check_base(order: Order, tools: Tools) -> None:
    if tools.base_sha256() != order.base_sha256:
        raise TrainingError(
            f"The model {order.model} was set up anew from another source while it was trained.", "Run it again."
        )


def _general(scores: Sequence[Scored], holes: _Holes) -> Sequence[Scored]:
    return scores[len(holes.own) : len(holes.own) + len(holes.general)]


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
