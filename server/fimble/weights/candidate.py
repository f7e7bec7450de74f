"""A model that somebody wants to have: what it is, found out from its files without running any of them.

Refused with its reason is what ``model_settings`` refuses, and weights that are pickled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights import licence
from fimble.weights.entry import Shape
from fimble.weights.licence import Licence
from fimble.weights.model_settings import (
    CONFIG,
    SETTINGS,
    Settings,
    Way,
    check_sizes,
    check_tokenizer,
    from_dimensions,
    look_at,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MAX_TITLE_CHARS = 100
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A whole model on this disk, which could be added."""

    path: Path
    """A .gguf file, or a folder."""
    files: tuple[Path, ...]
    """All that it is read from, the main one first."""
    title: str
    licence: Licence
    settings: Settings
    parameters: int
    has_head: bool
    """The output has a table of its own that ``parameters`` counts, beside the embedding's."""
    tokenizer: Tokenizer

    @property
    def format(self) -> str:
        return "gguf" if self.path.is_file() else "safetensors"

    @property
    def shape(self) -> Shape:
        tables = self.settings.vocabulary * self.settings.hidden * (1 + self.has_head)
        return Shape(
            max(1, self.parameters - tables), self.settings.hidden, self.settings.vocabulary, self.settings.kv_values
        )


def examine(path: Path) -> Candidate:
    """The model at ``path``: a .gguf file, or a folder with config.json, tokenizer.json and safetensors.

    Raises ``UnsupportedArchitecture`` for what is refused, ``WeightsError`` for what is damaged or missing.
    """
    path = path.resolve() if path.is_dir() else path.parent.resolve() / path.name  # caches link to what has no ending
    _refuse_unwritable(path)
    if path.is_dir():
        ggufs = sorted(path.glob("*.gguf"))
        if ggufs and not (path / CONFIG).is_file():
            raise WeightsError(f"{path} is a folder of GGUF files.", f"Name one of them, such as {ggufs[0]}.")
        return _examine_folder(path)
    if not path.exists():
        raise WeightsError(f"There is nothing at {path}.", "Give a .gguf file, a folder of safetensors or a hub's id.")
    if path.suffix.lower() == ".gguf":
        return _examine_gguf(path)
    if path.suffix.lower() in PICKLED:
        raise _pickled(str(path))
    if path.suffix.lower() == ".safetensors":
        return _examine_folder(path.parent)
    raise UnsupportedArchitecture(
        f"{path} is no model file that fimble reads.",
        "Give a .gguf file, or a folder with config.json, tokenizer.json and .safetensors files.",
    )


def _examine_folder(folder: Path) -> Candidate:
    weights = _weights(folder)
    settings, tokenizer = look_at(folder)
    parameters, has_head = _count(weights)
    check_sizes(settings, parameters)
    if settings.way is Way.EXPORTED:
        from fimble.weights.exportable import check_weights

        check_weights(folder)
    beside = [folder / name for name in SETTINGS if (folder / name).is_file()]
    index = [folder / "model.safetensors.index.json"] if len(weights) > 1 else []
    return Candidate(
        path=folder,
        files=(*weights, *index, *beside),
        title=_shown(folder.name) or "a model",
        licence=licence.from_folder(folder),
        settings=settings,
        parameters=parameters,
        has_head=has_head,
        tokenizer=tokenizer,
    )


def _weights(folder: Path) -> list[Path]:
    """The safetensors files that together are the model."""
    from fimble.weights.safetensors_file import INDEX, shard_names

    if (folder / INDEX).is_file():
        found = [folder / name for name in shard_names(folder / INDEX)]
    else:
        found = sorted(folder.glob("*.safetensors"))
        if len(found) > 1:
            raise WeightsError(
                f"{folder} holds {len(found)} .safetensors files and no {INDEX} that says how they belong together.",
                "Fetch that, too.",
            )
    missing = [path.name for path in found if not path.is_file()]
    if missing:
        raise WeightsError(f"{folder} holds no file {missing[0]}, which belongs to the model.", "Fetch it again.")
    if not found:
        pickled = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLED)
        if pickled:
            raise _pickled(f"All that {folder} has for weights is {pickled[0]}, which")
        raise WeightsError(f"{folder} holds no .safetensors file.", "Fetch the model's weights in that format.")
    return found


def _pickled(what: str) -> UnsupportedArchitecture:
    return UnsupportedArchitecture(
        f"{what} is pickled, and loading pickled weights can run any code.",
        "Use the model's safetensors or GGUF files.",
    )


def _count(weights: list[Path]) -> tuple[int, bool]:
    """Numbers in all tensors, and whether there is a table of the output among them. Raises ``WeightsError``."""
    from safetensors import SafetensorError, safe_open

    total, has_head = 0, False
    for path in weights:
        try:
            with safe_open(str(path), framework="numpy") as opened:
                names = list(opened.keys())
                total += sum(math.prod(opened.get_slice(name).get_shape()) for name in names)
        except (OSError, SafetensorError) as error:
            raise WeightsError(f"{path} cannot be read: {error}.", "Fetch it again.") from error
        has_head = has_head or "lm_head.weight" in names
    if not total:
        raise WeightsError(f"The weights in {weights[0].parent} are empty.", "Fetch them again.")
    return total, has_head


def _examine_gguf(path: Path) -> Candidate:
    from fimble.weights.gguf_file import GgufCheckpoint
    from fimble.weights.gguf_header import read_header

    header = read_header(path)
    if "tokenizer.ggml.tokens" not in header.metadata:
        raise WeightsError(
            f"{path} holds no tokenizer: without one a model cannot be asked anything.",
            "Use a file that llama.cpp's converter made of the whole model.",
        )
    checkpoint = GgufCheckpoint(path)
    tensors = dict(header.tensors)
    tensors.pop("output.weight", None)  # converters write the embedding's table twice
    tokenizer = checkpoint.tokenizer()
    check_tokenizer(tokenizer, checkpoint.dimensions.vocabulary_size)
    name = header.metadata.get("general.name")
    name = _shown(name) if isinstance(name, str) else ""
    return Candidate(
        path=path,
        files=(path,),
        title=name or _shown(path.stem),
        licence=licence.from_gguf(header.metadata),
        settings=from_dimensions(checkpoint.dimensions),
        parameters=sum(math.prod(tensor.shape) for tensor in tensors.values()),
        has_head=False,
        tokenizer=tokenizer,
    )


def _refuse_unwritable(path: Path) -> None:
    """A name of bytes that are no text has no place in a catalogue."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise WeightsError(f"The name {str(path)!r} is not UTF-8.", "Rename it.") from error


def _shown(name: str) -> str:
    """A name as it is printed on a terminal: of some length, without control characters."""
    return "".join(char for char in name if char.isprintable()).strip()[:_MAX_TITLE_CHARS]


def describe(candidate: Candidate) -> str:
    """For a person, in a line: architecture, size, context, and how it becomes a graph."""
    settings = candidate.settings
    kind = "encoder-decoder" if settings.is_pair else "decoder"
    return (
        f"{settings.architecture} {kind}, {readable_count(candidate.parameters)} parameters, "
        f"context of {settings.context_length} tokens; prepared by {settings.way.value}"
    )


def readable_count(number: int) -> str:
    """``494032768`` -> ``494 million``, ``1543714304`` -> ``1.5 billion``."""
    for size, word in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if number >= size:
            value = number / size
            return f"{value:.1f} {word}" if value < 10 else f"{value:.0f} {word}"
    return str(number)
