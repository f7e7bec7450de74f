"""LoRA on a catalogue model, from a data set on the disk to the canonical tensors of an adapter.

    source file -> torch model, frozen -> peft puts A and B beside the matrices -> ``fit`` -> ``parts``

B begins at nothing, so the untrained adapter is the base itself, and a run in which no validation improves ends there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fimble.errors import NothingToLearn
from fimble.prompt.templates import Family
from fimble.training.base import Base, load_model, open_base
from fimble.training.batches import lessons_of, vocabulary_of
from fimble.training.checkpoints import full_in_words
from fimble.training.curves import draw
from fimble.training.fit import Fitted, bounded, fit
from fimble.training.lessons import Lesson
from fimble.training.parts import canonical, norms_of, target_modules
from fimble.training.progress import OnProgress, Phase, Progress, silent
from fimble.training.records import Split, read_examples
from fimble.training.settings import Settings, place_of, require
from fimble.weights.architecture import Float32

CURVES = "curves.svg"
NUM_READ_VALIDATION = 4
"""Times ``Settings.num_validation`` examples are tokenised, so that drawing has a choice."""


@dataclass(frozen=True, slots=True)
class Finetuned:
    """What came of a run, at its best validation."""

    tensors: Mapping[str, Float32]
    """``layers.<i>.<part>.a`` and ``.b`` with alpha / rank in b, and the base's norms."""
    base_sha256: str
    base_loss: float
    """Validation loss of the base; nats a token of the holes."""
    best_loss: float
    best_step: int
    validation_losses: tuple[tuple[int, float], ...]
    """(step, loss)"""
    train_losses: tuple[tuple[int, float], ...]
    num_examples: int
    """That were trained on; ones whose middle fits no window are not."""
    num_steps: int
    num_tokens: int
    seconds: float
    stopped_why: str
    """``finished``, ``time``, ``no gain`` or ``diverged``."""
    device: str
    curves: Path
    """An SVG file."""

    @property
    def has_gained(self) -> bool:
        """Whether any step made the validation loss better than the base's."""
        return self.best_step > 0


def finetune(
    base_source: Path,
    dataset: Path,
    settings: Settings,
    out: Path,
    on_progress: OnProgress = silent,
    *,
    family: Family | None = None,
) -> Finetuned:
    """Train an adapter for the model in ``base_source`` on the examples in ``dataset``.

    ``out``: checkpoints, ``logs`` that TensorBoard reads, ``curves.svg``. A run that was killed goes on from its
    last whole checkpoint there. ``family``: how holes are shown, where the vocabulary does not tell.
    Raises ``TrainingUnavailable``, ``NothingToLearn``, ``TrainingError`` (such as for a base that changed since),
    ``WeightsError``, ``NotEnoughDisk``.
    """
    require("torch", "transformers", "accelerate", "peft")
    place = place_of(settings)
    out.mkdir(parents=True, exist_ok=True)
    on_progress(Progress(Phase.TOKENISING))
    base = open_base(base_source)
    train, validation = lessons_in(dataset, base, settings, out, family)
    on_progress(Progress(Phase.LOADING))
    model = adapted(load_model(base.checkpoint, place), settings)
    fitted = fit(model, train, validation, settings, out, on_progress, base=base.sha256)
    trained = {name: values for name, values in model.named_parameters() if values.requires_grad}
    curves = out / CURVES
    with full_in_words(out):
        draw(fitted, curves)
    return _finetuned(base, canonical(trained, settings.alpha / settings.rank), fitted, len(train), place.name, curves)


def lessons_in(
    dataset: Path, base: Base, settings: Settings, out: Path, family: Family | None = None
) -> tuple[list[Lesson], list[Lesson]]:
    """The lessons to train and to validate on. Raises ``NothingToLearn`` where there are none to train on."""
    with full_in_words(out):
        words = vocabulary_of(base.checkpoint, out, family)
    train = lessons_of(list(read_examples(dataset, Split.TRAIN)), words, settings)
    if not train:
        raise NothingToLearn(f"{dataset} holds nothing to train on.", "Give a repository with more code in it.")
    examples = list(read_examples(dataset, Split.VALIDATION))
    some = bounded(examples, settings.num_validation * NUM_READ_VALIDATION, settings.seed)
    return train, lessons_of(some, words, settings)


def adapted(model: Any, settings: Settings) -> Any:
    """peft's model around ``model``: float32 matrices of ``settings.rank`` beside the chosen parts."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=0.0,
        bias="none",
        target_modules=target_modules(settings.parts),
    )
    return get_peft_model(model, config, autocast_adapter_dtype=True)


def _finetuned(
    base: Base, tensors: dict[str, Float32], fitted: Fitted, num_examples: int, device: str, curves: Path
) -> Finetuned:
    return Finetuned(
        tensors={**tensors, **norms_of(base.checkpoint)},
        base_sha256=base.sha256,
        base_loss=fitted.base_loss,
        best_loss=fitted.best_loss,
        best_step=fitted.best_step,
        validation_losses=fitted.validation_losses,
        train_losses=fitted.train_losses,
        num_examples=num_examples,
        num_steps=fitted.num_steps,
        num_tokens=fitted.num_tokens,
        seconds=fitted.seconds,
        stopped_why=fitted.stopped_why,
        device=device,
        curves=curves,
    )
