"""The training loop, for any torch model and any lessons: transformers' trainer with fimble's batches and checkpoints.

``finetune`` gives it a model with LoRA, ``zero`` a whole small one, decoder or encoder-decoder. What has
``requires_grad`` is trained; the rest is left alone and not written to checkpoints.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from fimble.errors import TrainingError
from fimble.training.checkpoints import Checkpoints, Identity, full_in_words
from fimble.training.lessons import Lesson, fingerprint
from fimble.training.memory import room_for
from fimble.training.progress import OnProgress, Phase, Progress, silent
from fimble.training.settings import Settings, place_of, require

T = TypeVar("T")
_FREE = ("max_minutes", "patience", "save_seconds", "device", "bf16", "num_validations")
"""Settings that a run may be gone on with under another value."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What came of a run. The model holds the weights of the best validation."""

    base_loss: float
    """Validation loss before the first step; in nats a judged token, as the others. NaN without validation lessons."""
    best_loss: float
    best_step: int
    """0 where no step made it better than it was."""
    train_losses: tuple[tuple[int, float], ...]
    """(step, loss); mean of the steps since the last one named."""
    validation_losses: tuple[tuple[int, float], ...]
    """(step, loss), step 0 first."""
    num_steps: int
    num_tokens: int
    """That were trained on, counted each time."""
    seconds: float
    """Interrupted parts included, as far as their checkpoints know."""
    stopped_why: str
    """``finished``, ``time``, ``no gain`` or ``diverged``."""


def fit(
    model: Any,
    train: Sequence[Lesson],
    validation: Sequence[Lesson],
    settings: Settings,
    out: Path,
    on_progress: OnProgress = silent,
    *,
    base: str = "",
) -> Fitted:
    """Train ``model`` (a transformers ``PreTrainedModel`` or peft's around one) where it lies, in place.

    ``out``: folder for checkpoints and ``logs``. A whole checkpoint of the same ``base`` (any text that names what
    the model began as, such as a sha256), lessons and settings that lies there is gone on from.
    Raises ``TrainingError``, ``NotEnoughDisk`` where the disk fills; then the last whole checkpoint is still there.
    """
    require("torch", "transformers", "accelerate")
    from fimble.training.loop import Loop

    place = place_of(settings)
    model.to(place.device)
    checkpoints = Checkpoints(out / "checkpoints", identity_of(base, train, validation, settings))
    notes: list[str] = []
    last = checkpoints.last(notes.append)
    for note in notes:
        on_progress(Progress(Phase.LOADING, note=note))
    if last is None:
        checkpoints.clear()
    else:
        on_progress(Progress(Phase.LOADING, note=f"Going on from {last.name}."))
    room = room_for(model, place, max(lesson.num_tokens for lesson in (*train, *validation)) if train else 1)
    chosen = bounded(validation, settings.num_validation, settings.seed)
    with quiet(), full_in_words(out):
        loop = Loop(model, train, chosen, settings, place, room, checkpoints, out / "logs", on_progress)
        loop.train(resume_from_checkpoint=str(last) if last else None)
    journal = loop.journal
    if loop.stopped_why == "diverged" and not chosen:
        raise TrainingError("The loss is no number any more: training diverged.", "Lower the learning rate.")
    if chosen:
        loop.restore(journal.best)
    on_progress(Progress(Phase.DONE, loop.state.global_step, loop.state.global_step, validation_loss=journal.best_loss))
    return Fitted(
        base_loss=journal.base_loss,
        best_loss=journal.best_loss if chosen else math.nan,
        best_step=journal.best_step if chosen else loop.state.global_step,
        train_losses=tuple(journal.train_losses),
        validation_losses=tuple(journal.validation_losses),
        num_steps=loop.state.global_step,
        num_tokens=journal.num_tokens,
        seconds=loop.pace.seconds,
        stopped_why=loop.stopped_why,
    )


def identity_of(base: str, train: Sequence[Lesson], validation: Sequence[Lesson], settings: Settings) -> Identity:
    """What a checkpoint must be of to be gone on from. Limits, devices and how often is looked may change."""
    shaping = {name: value for name, value in asdict(settings).items() if name not in _FREE}
    return Identity(base, fingerprint((*train, *validation)), json.dumps(shaping, sort_keys=True))


def bounded(lessons: Sequence[T], num_most: int, seed: int) -> list[T]:
    """``num_most`` of ``lessons``, or of anything else, drawn with ``seed``, in their order."""
    if len(lessons) <= num_most:
        return list(lessons)
    places = np.random.default_rng(seed).permutation(len(lessons))[:num_most]
    return [lessons[place] for place in sorted(places)]


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' and torch's own remarks: what a person needs to know is in ``Progress``."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)
