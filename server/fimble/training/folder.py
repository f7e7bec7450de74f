"""The folder that a dataset is written to: whole, or not at all, and never over anything else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from fimble.errors import NotEnoughDisk, TrainingError
from fimble.training.card import CARD, README, Card, is_dataset, readme
from fimble.training.records import Example, Split, write_examples
from fimble.weights.disk import guarded, require

_FILES = frozenset({*(f"{split}.jsonl" for split in Split), CARD, README})
_BYTES_PER_EXAMPLE = 10_000


def check_place(out: Path, repository: Path) -> Path:
    """``out``, absolute, where a dataset may be written. Raises ``TrainingError`` for a folder with anything else."""
    place = out.resolve()
    if place == repository.resolve():
        raise TrainingError("The dataset cannot take the repository's own place.", "Name another folder with --out.")
    try:
        _recover(place)
        if place.exists() and not place.is_dir():
            raise TrainingError(f"{place} is a file.", "Name a folder with --out.")
        names = {entry.name for entry in place.iterdir()} if place.exists() else set()
    except OSError as error:
        raise _unwritable(place, error) from error
    if names and not (names <= _FILES and is_dataset(place)):
        raise TrainingError(
            f"{place} holds something else than a dataset of fimble's; nothing in it is touched.",
            "Name an empty or a new folder with --out.",
        )
    return place


def write_dataset(out: Path, card: Card, examples: Sequence[Example]) -> None:
    """Write a dataset to the folder ``out``, which ``check_place`` has allowed: whole, or not at all.

    Raises ``NotEnoughDisk`` and ``TrainingError``; what was there before is there still.
    """
    staging, old = _beside(out, "new"), _beside(out, "old")
    existing = next(place for place in out.parents if place.exists())
    try:
        with guarded(existing):
            require(existing, len(examples) * _BYTES_PER_EXAMPLE, "The dataset")
            _write(out, staging, old, card, examples)
    except NotEnoughDisk as error:
        raise NotEnoughDisk(error.what, "Free some space, or name a folder on a larger disk with --out.") from error
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        _recover(out)


def _write(out: Path, staging: Path, old: Path, card: Card, examples: Sequence[Example]) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    write_examples(staging, examples)
    for name, text in ((README, readme(card)), (CARD, _as_json(card))):
        with (staging / name).open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    if out.exists():
        out.replace(old)
    staging.replace(out)


def _beside(place: Path, what: str) -> Path:
    return place.with_name(f".{place.name}.fimble-{what}")


def _recover(place: Path) -> None:
    """Put back what was moved aside by a run that ended before the new folder took its place; delete what it left."""
    shutil.rmtree(_beside(place, "new"), ignore_errors=True)
    old = _beside(place, "old")
    if old.is_dir() and not place.exists():
        old.replace(place)
    elif old.is_dir():
        shutil.rmtree(old, ignore_errors=True)


def _unwritable(place: Path, error: OSError) -> TrainingError:
    return TrainingError(f"{place} cannot be written: {error.strerror or error}.", "Name another folder with --out.")


def _as_json(card: Card) -> str:
    return json.dumps(card.to_json(), ensure_ascii=False, indent=2) + "\n"
