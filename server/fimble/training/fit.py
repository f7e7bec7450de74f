"""The training loop, for any torch model and any lessons: transformers' trainer with fimble's batches and checkpoints.

``finetune`` gives it a model with LoRA, ``zero`` a whole small one, decoder or encoder-decoder. What has
``requires_grad`` is trained; the rest is left alone and not written to checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fimble.training.lessons import Lesson
from fimble.training.progress import OnProgress, silent
from fimble.training.settings import Settings


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
    """``finished``, ``time``, ``no gain`` or ``cancelled``."""


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
    raise NotImplementedError
