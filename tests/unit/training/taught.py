"""A tiny real model to train and a tiny data set for it, as the files that a run begins with."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

from fimble.training.records import Example, Kind, Split, write_examples
from fimble.training.settings import Settings
from fimble.weights import store
from tests.unit import tiny

TINY = tiny.changed(tiny.QWEN2_TIED, vocabulary=512)
SETTINGS = Settings(
    rank=4, alpha=8, learning_rate=1e-2, num_epochs=1, max_tokens=128, batch=4, device="cpu", bf16=False
)


def source(folder: Path, case: tiny.Tiny = TINY) -> Path:
    """A GGUF file."""
    return tiny.write_gguf(case, folder / "model.gguf")


def examples(num_most: int = 64) -> list[Example]:
    """Lines out of a real file; every eighth is to validate on."""
    lines = inspect.getsource(store).splitlines(keepends=True)
    places = [place for place, line in enumerate(lines) if line.strip()][2 : 2 + num_most]
    return [
        Example(
            kind=Kind.FIM,
            split=Split.VALIDATION if number % 8 == 0 else Split.TRAIN,
            path="store.py",
            language="python",
            cut="line",
            prefix="".join(lines[:place]),
            suffix="".join(lines[place + 1 :]),
            middle=lines[place],
        )
        for number, place in enumerate(places)
    ]


def dataset(folder: Path, num_most: int = 64) -> Path:
    """The folder of ``examples``."""
    write_examples(folder / "data", examples(num_most))
    return folder / "data"


def settings(**values: object) -> Settings:
    """``SETTINGS`` with others."""
    return replace(SETTINGS, **values)  # type: ignore[arg-type]
