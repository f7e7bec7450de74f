"""What a model is taught with: one example a line of JSONL, in a folder that Hugging Face ``datasets`` reads.

<folder>/train.jsonl  validation.jsonl  test.jsonl    examples, as ``Example`` names their fields
<folder>/card.json                                    how they came about (``card.py``)
<folder>/README.md                                    the same for people, and for ``datasets``
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path

from fimble.errors import TrainingError


class Kind(StrEnum):
    """What an example asks for."""

    FIM = "fim"
    """A hole in a file: ``prefix`` and ``suffix`` stand around ``middle``."""
    COMMENT_TO_CODE = "comment_to_code"
    """The same, where the prefix ends with a comment or a docstring that says what the middle does."""
    CODE_TO_DOCSTRING = "code_to_docstring"
    """The same, where the middle is the docstring of the code around it."""
    EDIT = "edit"
    """``instruction`` says what to change, and holds the code before; ``middle`` is the code after."""


class Split(StrEnum):
    """What an example is for; also the name of its file. Nothing of one file is in two of them."""

    TRAIN = "train"
    VALIDATION = "validation"
    """Says when to stop."""
    TEST = "test"
    """Says whether the model may be kept; never looked at before."""


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn."""

    kind: Kind
    split: Split
    path: str
    """The file, relative to the repository, with ``/``."""
    language: str
    """As LSP names it, such as ``python``."""
    cut: str
    """Where the hole came from: the type of a syntax node, ``line``, ``random``, or ``commit``."""
    prefix: str
    suffix: str
    middle: str
    """What is to be written; never blank."""
    instruction: str = ""
    """What a person says, in English or Chinese; empty for holes."""
    time: str = ""
    """Of an edit's commit, ISO 8601."""


def write_examples(folder: Path, examples: Iterable[Example]) -> dict[Split, int]:
    """Write the three files, each whole or not at all, and return how many examples each has."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys(Split, 0)
    with ExitStack() as opened:
        files = {
            split: opened.enter_context((folder / f"{split}.jsonl.new").open("w", encoding="utf-8")) for split in Split
        }
        for example in examples:
            files[example.split].write(json.dumps(asdict(example), ensure_ascii=False) + "\n")
            counts[example.split] += 1
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    for split in Split:
        (folder / f"{split}.jsonl.new").replace(folder / f"{split}.jsonl")
    return counts


def read_examples(folder: Path, split: Split) -> Iterator[Example]:
    """The examples of one file, in order. Raises ``TrainingError``."""
    path = folder / f"{split}.jsonl"
    names = {field.name for field in fields(Example)}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                values = json.loads(line)
                if not isinstance(values, dict) or not names >= set(values) or not isinstance(values["middle"], str):
                    raise ValueError(f"line {number} is no example")
                values["kind"], values["split"] = Kind(values["kind"]), Split(values["split"])
                yield Example(**values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} cannot be read: {error}.", "Make it with `fimble dataset`.") from error
