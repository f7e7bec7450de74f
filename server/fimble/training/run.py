"""The whole road of ``fimble train``: data, what the model knows of it, training, what it knows then, and the verdict.

Every stage leaves what it made on the disk, so that a run that was killed goes on behind the last one, and within
training from its last checkpoint. The adapter that is served is touched once, at the end, and at once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from fimble.errors import AdapterInvalid, NothingToLearn, TrainingError
from fimble.training.ending import Holes, Learned, check_base, conclude
from fimble.training.evaluate import Scored, Scorer, choose
from fimble.training.progress import OnProgress
from fimble.training.records import Split, read_examples
from fimble.training.road import Asked, OnStep, Outcome, Stage, Step, Tools
from fimble.training.runs import Order, Run, run_of, scores_folder, settings_of, write_json, write_text
from fimble.training.scores import Scores
from fimble.training.settings import Settings
from fimble.training.verdict import decide
from fimble.weights import locks
from fimble.weights.adapter import About, Adapter, read_adapter, write_adapter

MIN_HELD_OUT = 12
"""With fewer holes no gain could be told from chance."""


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
        outcome = conclude(run, order, tools, holes, before, after, learned, verdict, adapter)
        _scores(tools, adapter).forget()
        return outcome


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


def _holes(run: Run, order: Order, tools: Tools, on_step: OnStep) -> Holes:
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
    return Holes(own, tools.general(order.num_general, order.seed), tools.shown)


def _ask(holes: Holes, tools: Tools, adapter: Adapter | None, on_step: OnStep) -> list[Scored]:
    """The scores of all holes; the model is loaded only where some are not known."""
    stage, items = (Stage.BEFORE if adapter is None else Stage.AFTER), holes.all
    loaded: list[Asked] = []

    def open_scorer() -> Scorer:
        loaded.append(tools.load())
        return loaded[0].scorer(adapter)

    try:
        on_step(Step(stage, 0, len(items)))
        return _scores(tools, adapter).of(items, open_scorer, lambda done: on_step(Step(stage, done, len(items))))
    finally:
        for one in loaded:
            one.close()


def _scores(tools: Tools, adapter: Adapter | None) -> Scores:
    fingerprint = tools.fingerprint if adapter is None else f"{adapter.fingerprint[:16]}{tools.fingerprint[:16]}"
    return Scores(scores_folder(), fingerprint)


def _learn(run: Run, order: Order, tools: Tools, on_step: OnStep) -> tuple[Learned, Adapter]:
    """Train, unless that is done."""
    with suppress(OSError, ValueError, TypeError, AdapterInvalid):
        return Learned(**json.loads(run.learned.read_text(encoding="utf-8"))), read_adapter(run.adapter / run.id)

    def teller(stage: Stage) -> OnProgress:
        return lambda progress: on_step(
            Step(stage, progress.step, progress.num_steps, progress.phase.value, progress, progress.note)
        )

    settings = _searched(run, order, tools, teller(Stage.SEARCH)) if order.num_trials else order.settings
    found = tools.finetune(run.dataset, settings, run.finetune, teller(Stage.TRAINING))
    check_base(order, tools)
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
    learned = Learned(
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


def _searched(run: Run, order: Order, tools: Tools, tell: OnProgress) -> Settings:
    """The settings that a search ends with. It is made once: training goes on only with those that it began with."""
    found: Settings | None = None
    with suppress(OSError, ValueError, KeyError, TypeError, TrainingError):
        noted = json.loads(run.searched.read_text(encoding="utf-8"))
        found, minutes = settings_of(noted["settings"]), float(noted["minutes"])
    if found is None:
        begin_s = time.monotonic()
        found = tools.search(run.dataset, order.settings, run.folder / "search", order.num_trials, tell)
        minutes = (time.monotonic() - begin_s) / 60
        write_json(run.searched, {"settings": asdict(found), "minutes": minutes})
    limit = order.settings.max_minutes
    # a search is a part of the time that a person gives, and never the larger one
    return replace(found, max_minutes=max(limit - minutes, limit / 2), device=order.settings.device)


def _general(scores: Sequence[Scored], holes: Holes) -> Sequence[Scored]:
    return scores[len(holes.own) : len(holes.own) + len(holes.general)]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
