"""``fimble train --from-config``: a model from nothing, from a repository's text to a completion in the editor.

    configuration -> examples -> tokenizer -> lessons -> training -> checkpoint -> graph -> catalogue

What each stage made stays in the folder that was asked for, so that the same command goes on where it was ended:

<out>/configuration.toml   what the model is; a folder of another one is refused
<out>/dataset/             examples, where a repository was given
<out>/run/                 checkpoints and logs
<out>/model/               the trained model, as a hub publishes it, and how it was trained (``training.json``)
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fimble.errors import NothingToLearn, TrainingError
from fimble.training.card import is_dataset, read_card
from fimble.training.configuration import Configuration, ModelKind, read_configuration
from fimble.training.progress import OnProgress, Phase, Progress, silent
from fimble.training.records import Example, Kind, Split, read_examples
from fimble.training.release import Release, check_exporter, check_name, release
from fimble.training.settings import Settings, require
from fimble.training.vocabulary import train_tokenizer
from fimble.weights import disk
from fimble.weights.manifest import TOKENIZER

Gather = Callable[[Path, Path], object]
"""From a repository to a folder of examples. Raises ``TrainingError``."""

_CONFIGURATION, _DATASET, _RUN, _MODEL, _TRAINING = "configuration.toml", "dataset", "run", "model", "training.json"
_NUM_COMPARED = 8
"""Held-out holes on which what is served is compared with torch."""
_LEAST_GAIN = 0.01
"""By so large a share the validation loss has to fall: an untrained model moves a little by itself."""
_LEAST_HIDDEN = 256
"""Of a model that a second thread makes faster."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it."""

    release: Release
    checkpoint: Path
    """The folder with weights, tokenizer and configuration."""
    untrained_loss: float
    """On the validation examples before the first step; in nats a token of the holes, as the next."""
    loss: float
    num_parameters: int
    num_examples: int
    """That were taught."""
    num_tokens: int
    """That were trained on, counted each time."""
    seconds: float


def train_from_config(
    path: Path,
    data: Path | None,
    out: Path,
    gather: Gather,
    on_progress: OnProgress = silent,
    device: str = "auto",
) -> Trained:
    """Train the model of the configuration in ``path``, and serve it under its name.

    ``data``: a folder of examples or a repository; None for the one that the configuration names.
    Raises ``ConfigError``, ``TrainingError`` (``NothingToLearn``, ``TrainingUnavailable``), ``NotEnoughDisk`` and
    ``WeightsError``; nothing is served then that was not before.
    """
    configuration = read_configuration(path)
    require("torch", "transformers", "accelerate")
    check_exporter(configuration.kind)
    check_name(configuration.name)
    _claim(out, path)
    with disk.guarded(out), _few_threads(configuration):
        teaching, held_out = _examples(configuration, data, out, gather, on_progress)
        tokenizer_file = _tokenizer(configuration, teaching, out, on_progress)
        if not (out / _MODEL).is_dir():
            _train(
                configuration, tokenizer_file, teaching, held_out, out, _settings(configuration, device), on_progress
            )
        figures = json.loads((out / _MODEL / _TRAINING).read_text(encoding="utf-8"))["figures"]
        made = release(
            configuration,
            out / _MODEL,
            _prompts(configuration, out / _MODEL / TOKENIZER, held_out),
            figures["num_parameters"],
            lambda stage: on_progress(Progress(Phase.SAVING, note=f"{stage[:1].upper()}{stage[1:]}.")),
        )
    on_progress(Progress(Phase.DONE))
    return Trained(made, out / _MODEL, **figures)


def _claim(out: Path, path: Path) -> None:
    """Make the folder, or take it over from an ended run of the same configuration."""
    mark = out / _CONFIGURATION
    try:
        text = path.read_bytes()
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            if not mark.is_file() or mark.read_bytes() != text:
                raise TrainingError(f"{out} exists and holds something else.", "Name a folder that does not exist yet.")
            return
        out.mkdir(parents=True, exist_ok=True)
        mark.write_bytes(text)
    except OSError as error:
        raise TrainingError(f"{out} cannot be used: {error.strerror}.", "Name another folder.") from error


def _examples(
    configuration: Configuration, data: Path | None, out: Path, gather: Gather, on_progress: OnProgress
) -> tuple[list[Example], list[Example]]:
    """What is taught, and what says how well."""
    place = data or configuration.data or (out / _DATASET if (out / _DATASET).is_dir() else None)
    if place is None:
        raise TrainingError("There is nothing to train on.", "Name a repository, or the key data in the configuration.")
    if not place.is_dir():
        raise TrainingError(f"{place} is no folder.", "Give a repository, or a folder that `fimble dataset` wrote.")
    if not (place / f"{Split.TRAIN}.jsonl").is_file():
        repository, place = place, out / _DATASET
        if not place.is_dir():
            on_progress(Progress(Phase.LOADING, note=f"Gathering examples from {repository}."))
            _into(place, lambda folder: gather(repository, folder))
        elif is_dataset(place) and (known := read_card(place)["repository"]) != repository.resolve().name:
            raise TrainingError(f"{place} holds examples of {known}.", "Name another folder with --out.")
    teaching = _holes(read_examples(place, Split.TRAIN))
    held_out = _holes(read_examples(place, Split.VALIDATION)) or _holes(read_examples(place, Split.TEST))
    if not teaching or not held_out:
        raise NothingToLearn(
            f"{place} has {len(teaching)} holes to learn from and {len(held_out)} to validate on.",
            "Give a repository with more code.",
        )
    return teaching, held_out


def _holes(examples: Iterator[Example]) -> list[Example]:
    """Edits are for models that follow instructions."""
    return [example for example in examples if example.kind is not Kind.EDIT]


def _tokenizer(configuration: Configuration, teaching: Sequence[Example], out: Path, on_progress: OnProgress) -> Path:
    """The vocabulary, from what is taught alone."""
    on_progress(Progress(Phase.TOKENISING))
    file = out / TOKENIZER
    if not file.is_file():
        texts = {example.prefix + example.middle + example.suffix for example in teaching}
        made = train_tokenizer(sorted(texts), configuration.vocabulary, configuration.kind)
        temporary = out / f"{TOKENIZER}.new"
        made.save(str(temporary))
        temporary.replace(file)
    return file


def _settings(configuration: Configuration, device: str) -> Settings:
    return Settings(
        learning_rate=configuration.learning_rate,
        num_epochs=configuration.epochs,
        batch=configuration.batch,
        max_tokens=configuration.context,
        seed=configuration.seed,
        context_weight=1.0,
        lead_share=1.0,
        weight_decay=0.01,
        device=device,
        bf16=False,
    )


def _train(
    configuration: Configuration,
    tokenizer_file: Path,
    teaching: Sequence[Example],
    held_out: Sequence[Example],
    out: Path,
    settings: Settings,
    on_progress: OnProgress,
) -> None:
    """Teach, and leave the model in its folder. Raises ``TrainingError`` where it learned nothing."""
    from fimble.engine.tokenizer import Tokenizer
    from fimble.training.fit import fit
    from fimble.training.sequences import Teacher

    tokenizer = Tokenizer(tokenizer_file)
    teacher = Teacher(configuration.kind, tokenizer, configuration.context)
    lessons, judged = teacher.lessons(teaching), teacher.lessons(held_out)
    model = _new_model(configuration, tokenizer, tokenizer_file)
    base = hashlib.sha256((out / _CONFIGURATION).read_bytes() + tokenizer_file.read_bytes()).hexdigest()
    fitted = fit(model, lessons, judged, settings, out / _RUN, on_progress, base=base)
    if not fitted.best_loss < fitted.base_loss * (1 - _LEAST_GAIN):
        raise TrainingError(
            f"The model learned nothing: its validation loss is {fitted.best_loss:.3f}, and was"
            f" {fitted.base_loss:.3f} before. It is not served.",
            "Choose another learning_rate, or raise epochs.",
        )
    figures: dict[str, Any] = {
        "untrained_loss": fitted.base_loss,
        "loss": fitted.best_loss,
        "num_parameters": sum(values.numel() for values in model.parameters()),
        "num_examples": len(lessons),
        "num_tokens": fitted.num_tokens,
        "seconds": fitted.seconds,
    }

    def write(folder: Path) -> None:
        model.cpu().float().save_pretrained(folder, safe_serialization=True)
        shutil.copyfile(tokenizer_file, folder / TOKENIZER)
        text = json.dumps({"figures": figures, "settings": asdict(settings)}, indent=2)
        (folder / _TRAINING).write_text(text, encoding="utf-8")

    on_progress(Progress(Phase.SAVING))
    _into(out / _MODEL, write)


@contextmanager
def _few_threads(configuration: Configuration) -> Iterator[None]:
    """One thread for small matrices: others would wait for each other more than they work."""
    import torch

    before = torch.get_num_threads()
    try:
        if configuration.hidden < _LEAST_HIDDEN:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


def _new_model(configuration: Configuration, tokenizer: Any, tokenizer_file: Path) -> Any:
    import tokenizers
    import torch

    from fimble.training.decoder import new_decoder
    from fimble.training.seq2seq import new_encoder_decoder

    num_tokens = tokenizers.Tokenizer.from_file(str(tokenizer_file)).get_vocab_size()
    torch.manual_seed(configuration.seed)
    make = new_decoder if configuration.kind is ModelKind.DECODER else new_encoder_decoder
    return make(configuration, tokenizer, num_tokens)


def _prompts(configuration: Configuration, tokenizer_file: Path, held_out: Sequence[Example]) -> list[tuple[int, ...]]:
    """Some held-out holes as the engine is asked, spread over all."""
    from fimble.engine.tokenizer import Tokenizer
    from fimble.training.sequences import Teacher

    teacher = Teacher(configuration.kind, Tokenizer(tokenizer_file), configuration.context)
    step = max(1, len(held_out) // _NUM_COMPARED)
    return [teacher.prompt(example) for example in held_out[::step][:_NUM_COMPARED]]


def _into(folder: Path, write: Callable[[Path], object]) -> None:
    """Have ``write`` fill a folder that gets its name only when it is whole."""
    staging = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        write(staging)
        staging.replace(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
