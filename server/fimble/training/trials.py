"""A small search over learning rate, rank and parts, by short runs on some of the examples.

The first trial is the settings as they are, so a search ends with what did at least as well on its validation loss.
Optuna draws the others (TPE, seeded), and ends a trial that at one of its validations is worse than the median was.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fimble.errors import NothingToLearn
from fimble.prompt.templates import Family
from fimble.training.base import load_model, open_base
from fimble.training.finetune import adapted, lessons_in
from fimble.training.fit import bounded, fit
from fimble.training.progress import OnProgress, Phase, Progress, silent
from fimble.training.settings import PARTS, Settings, place_of, require

LEARNING_RATES = (3e-5, 1e-3)
RANKS = (8, 16, 32)
PART_CHOICES = {
    "attention": ("q", "k", "v", "o"),
    "attention and down": ("q", "k", "v", "o", "down"),
    "all": PARTS,
}
NUM_STEPS = 24
"""Of a trial, at most."""
TIME_SHARE = 0.4
"""Of ``max_minutes``, for all trials together; what is left is the real run's."""
_NUM_VALIDATIONS = 4
_NUM_STARTUP_TRIALS = 3
"""Before the median means anything."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One short run."""

    number: int
    learning_rate: float
    rank: int
    parts: tuple[str, ...]
    validation_loss: float
    """The best of the run, NaN where it diverged."""
    num_steps: int
    seconds: float
    state: str
    """``complete``, ``pruned`` or ``diverged``."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found."""

    best: Settings
    """The settings given, with what won."""
    trials: tuple[Trial, ...]
    base_loss: float
    """Before any training, on the same validation examples."""
    seconds: float


def search(
    base_source: Path,
    dataset: Path,
    settings: Settings,
    out: Path,
    num_trials: int,
    on_progress: OnProgress = silent,
    *,
    family: Family | None = None,
) -> Searched:
    """Try ``num_trials`` settings; ``out`` is a folder of its own, empty again afterwards.

    Raises ``NothingToLearn`` without validation examples, else as ``finetune``.
    """
    require("torch", "transformers", "accelerate", "peft", "optuna")
    import optuna

    place = place_of(settings)
    out.mkdir(parents=True, exist_ok=True)
    base = open_base(base_source)
    lessons, validation = lessons_in(dataset, base, settings, out, family)
    if not validation:
        raise NothingToLearn("A search compares validation losses, and there is no example to validate on.")
    on_progress(Progress(Phase.LOADING))
    model = load_model(base.checkpoint, place)
    train = bounded(lessons, settings.batch * NUM_STEPS, settings.seed)
    trials: list[Trial] = []
    base_losses: list[float] = []

    def objective(drawn: Any) -> float:
        tried = _short(_drawn(drawn, settings), num_trials)
        folder = out / f"trial-{drawn.number}"
        network = adapted(model, tried)
        watch, begin_s = _Watch(drawn, num_trials, on_progress), time.monotonic()

        def noted(loss: float, state: str) -> None:
            seconds = time.monotonic() - begin_s
            trials.append(
                Trial(drawn.number, tried.learning_rate, tried.rank, tried.parts, loss, watch.num_steps, seconds, state)
            )

        try:
            fitted = fit(network, train, validation, tried, folder, watch)
        except _Pruned:
            noted(watch.best, "pruned")
            raise optuna.TrialPruned() from None
        finally:
            network.unload()
            shutil.rmtree(folder, ignore_errors=True)
        base_losses.append(fitted.base_loss)
        state = "diverged" if fitted.stopped_why == "diverged" else "complete"
        loss = min((loss for step, loss in fitted.validation_losses if step), default=math.nan)
        noted(loss, state)
        if not math.isfinite(loss):
            raise optuna.TrialPruned()
        return loss

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=settings.seed, n_startup_trials=_NUM_STARTUP_TRIALS),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_NUM_STARTUP_TRIALS, n_warmup_steps=1),
    )
    as_given = next((name for name, parts in PART_CHOICES.items() if parts == settings.parts), None)
    if as_given and settings.rank in RANKS and LEARNING_RATES[0] <= settings.learning_rate <= LEARNING_RATES[1]:
        given = {"learning_rate": settings.learning_rate, "rank": settings.rank, "parts": as_given}
        study.enqueue_trial(given)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study.optimize(objective, n_trials=num_trials)
    finally:
        optuna.logging.set_verbosity(before)
    seconds = sum(trial.seconds for trial in trials)
    return Searched(best_of(trials, settings), tuple(trials), base_losses[0] if base_losses else math.nan, seconds)


def best_of(trials: Sequence[Trial], settings: Settings) -> Settings:
    """``settings`` with what the best whole trial had; as they are where none was whole."""
    whole = [trial for trial in trials if trial.state == "complete" and math.isfinite(trial.validation_loss)]
    if not whole:
        return settings
    best = min(whole, key=lambda trial: trial.validation_loss)
    alpha = settings.alpha / settings.rank * best.rank
    return replace(settings, learning_rate=best.learning_rate, rank=best.rank, alpha=alpha, parts=best.parts)


def table(searched: Searched) -> str:
    """The trials as lines for a person, best first."""
    rows = [f"{'trial':>5}  {'rate':>8}  {'rank':>4}  {'parts':<24}  {'loss':>7}  {'steps':>5}  state"]
    for trial in sorted(searched.trials, key=lambda trial: (math.isnan(trial.validation_loss), trial.validation_loss)):
        parts = ",".join(trial.parts)
        rows.append(
            f"{trial.number:>5}  {trial.learning_rate:>8.1e}  {trial.rank:>4}  {parts:<24}  "
            f"{trial.validation_loss:>7.4f}  {trial.num_steps:>5}  {trial.state}"
        )
    return "\n".join(rows)


class _Pruned(Exception):
    """Leaves ``fit`` in the middle of a run."""


class _Watch:
    """Passes progress on, with the trial's number once, and the validation losses to Optuna."""

    def __init__(self, drawn: Any, num_trials: int, on_progress: OnProgress) -> None:
        self._drawn, self._on_progress = drawn, on_progress
        self._num_told = 0
        self._note = f"Trial {drawn.number + 1} of {num_trials}."
        self.num_steps = 0
        self.best = math.nan

    def __call__(self, progress: Progress) -> None:
        self.num_steps = max(self.num_steps, progress.step)
        self._on_progress(replace(progress, note=f"{self._note} {progress.note}".strip()))
        self._note = ""
        loss = progress.validation_loss
        if progress.phase is not Phase.SAVING or loss is None or not math.isfinite(loss) or not progress.step:
            return
        self.best = loss if math.isnan(self.best) else min(self.best, loss)
        self._num_told += 1
        self._drawn.report(loss, self._num_told)
        if self._drawn.should_prune():
            raise _Pruned


def _drawn(drawn: Any, settings: Settings) -> Settings:
    rank = drawn.suggest_categorical("rank", RANKS)
    return replace(
        settings,
        learning_rate=drawn.suggest_float("learning_rate", *LEARNING_RATES, log=True),
        rank=rank,
        alpha=settings.alpha / settings.rank * rank,
        parts=PART_CHOICES[drawn.suggest_categorical("parts", list(PART_CHOICES))],
    )


def _short(settings: Settings, num_trials: int) -> Settings:
    """The same for one trial."""
    minutes = settings.max_minutes * TIME_SHARE / num_trials
    return replace(
        settings,
        num_epochs=1,
        max_minutes=minutes,
        patience=0,
        num_validations=_NUM_VALIDATIONS,
        num_validation=max(1, settings.num_validation // 2),
        save_seconds=3600.0,
    )
