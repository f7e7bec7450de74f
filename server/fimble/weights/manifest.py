"""What lies in a model folder, written beside the model so that no other version can misread it.

A folder is served only when its manifest has this version's ``FORMAT`` and every file
it names is there with the size it names. Sizes are checked on each load (cheap); the
sha256 of each file is kept for ``check_bytes``, which reads everything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from fimble.errors import ModelFolderInvalid
from fimble.weights.chat import ChatFormat
from fimble.weights.digest import sha256_of
from fimble.weights.entry import NAME
from fimble.weights.progress import OnProgress, Progress, silent

FORMAT = 3
"""Raised whenever graphs, file names or meanings change, so that older folders are prepared anew."""

FILE_NAME = "manifest.json"
GRAPH = "graph.onnx"
ENCODER = "encoder.onnx"
"""Of an encoder-decoder, whose decoder is ``GRAPH``."""
WEIGHTS = "weights.bin"
NORMS = "norms.safetensors"
TOKENIZER = "tokenizer.json"
EXPORTED = "fp32"
"""The precision of an exported model, whose graph may hold its weights itself."""

GROWING = "growing"
"""What the verification of an exported model says of its ``kv``: keys and values grow by concatenation."""

SEQ2SEQ = ("t5",)
"""Architectures of an encoder and a decoder that are served."""

_HINT = "Run `fimble setup {model} --force` to prepare it again."


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of the folder."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A prepared model: what it is, its shapes, its files and how it was verified."""

    model: str
    precision: str
    """``int8`` or ``fp32`` (CPU), ``fp16`` (CUDA)."""
    architecture: str
    source_sha256: str
    prompt_family: str
    context_length: int
    """Positions in the rope table."""
    vocabulary_size: int
    num_layers: int
    num_kv_heads: int
    head_dim: int
    end_tokens: tuple[int, ...]
    chat: ChatFormat = field(default_factory=ChatFormat)
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    verification: Mapping[str, Any] = field(default_factory=dict)
    """The verification report as JSON; empty as long as the model is unverified."""
    format: int = FORMAT

    @property
    def is_growing(self) -> bool:
        """Whether the graph is optimum's, not our own writer's."""
        return self.verification.get("kv") == GROWING

    @property
    def num_bytes(self) -> int:
        """Size of all files together."""
        return sum(record.bytes for record in self.files.values())

    def save(self, folder: Path) -> None:
        """Write ``manifest.json`` into ``folder``, whole or not at all."""
        temporary = folder / (FILE_NAME + ".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / FILE_NAME)


def load(folder: Path) -> Manifest:
    """The manifest of ``folder``, after checking that each file is there in full size.

    Raises ``ModelFolderInvalid`` when the manifest is missing, unreadable or of another
    format, or when a file is missing or has another size.
    """
    manifest = read(folder)
    for name, record in manifest.files.items():
        path = folder / name
        num_bytes = path.stat().st_size if path.is_file() else -1
        if num_bytes != record.bytes:
            found = f"has {num_bytes} bytes instead of {record.bytes}" if num_bytes >= 0 else "is missing"
            raise ModelFolderInvalid(f"{path} {found}.", _HINT.format(model=manifest.model))
    return manifest


def load_installed(folder: Path) -> Manifest:
    """As ``load``, for a folder that must hold the model and the precision it is named after."""
    manifest = load(folder)
    if (manifest.model, manifest.precision) != (folder.parent.name, folder.name):
        raise ModelFolderInvalid(
            f"{folder} holds another model: {manifest.model} ({manifest.precision}).",
            _HINT.format(model=folder.parent.name),
        )
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of ``folder`` without a look at the files. Raises ``ModelFolderInvalid``."""
    path = folder / FILE_NAME
    hint = _HINT.format(model=folder.parent.name)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFolderInvalid(f"{folder} holds no {FILE_NAME}.", hint) from None
    except (OSError, ValueError) as error:
        raise ModelFolderInvalid(f"{path} cannot be read: {error}.", hint) from error
    found = values.get("format") if isinstance(values, dict) else None
    if found != FORMAT or isinstance(found, bool):
        raise ModelFolderInvalid(
            f"{folder} was written by another version of fimble (format {found!r}, this version reads {FORMAT}).",
            hint,
        )
    try:
        return _from_json(values)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFolderInvalid(f"{path} is damaged: {error}.", hint) from error


def format_of(folder: Path) -> int | None:
    """The format that ``folder`` says it has, or None where it says nothing that can be read."""
    try:
        values = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = values.get("format") if isinstance(values, dict) else None
    return found if isinstance(found, int) else None


def check_bytes(folder: Path, manifest: Manifest, on_progress: OnProgress = silent) -> None:
    """Read every file and compare its sha256. Raises ``ModelFolderInvalid``."""
    read_bytes = 0

    def report(done_bytes: int) -> None:
        on_progress(Progress("Checking the model's files", read_bytes + done_bytes, manifest.num_bytes))

    for name, record in manifest.files.items():
        hint = _HINT.format(model=manifest.model)
        try:
            found = sha256_of(folder / name, report)
        except OSError as error:
            raise ModelFolderInvalid(f"{folder / name} cannot be read: {error}.", hint) from error
        if found != record.sha256:
            raise ModelFolderInvalid(f"{folder / name} is damaged: its bytes are not those that were written.", hint)
        read_bytes += record.bytes


def record_of(path: Path) -> FileRecord:
    """Size and sha256 of a file."""
    return FileRecord(path.stat().st_size, sha256_of(path))


def with_files(manifest: Manifest, folder: Path, names: tuple[str, ...] = (GRAPH, WEIGHTS, TOKENIZER)) -> Manifest:
    """``manifest`` with ``files`` recorded from what lies in ``folder``."""
    return replace(manifest, files={name: record_of(folder / name) for name in names})


def _from_json(values: Mapping[str, Any]) -> Manifest:
    hints = get_type_hints(Manifest)
    known = {}
    for entry in fields(Manifest):
        if entry.name not in values:
            raise KeyError(f"{entry.name} is missing")
        known[entry.name] = values[entry.name]
    for name in ("files", "verification", "chat"):
        if not isinstance(known[name], dict):
            raise TypeError(f"{name} is not an object")
    for name, value in known.items():
        expected = hints[name]
        if expected in (int, str) and (not isinstance(value, expected) or isinstance(value, bool)):
            raise TypeError(f"{name} is {value!r}")
    for name in known["files"]:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a file in the folder")
    is_exported = known["precision"] == EXPORTED or known["verification"].get("kv") == GROWING
    for name in (GRAPH, TOKENIZER) if is_exported else (GRAPH, WEIGHTS, TOKENIZER):
        if name not in known["files"]:
            raise ValueError(f"files lacks {name}")
    known["files"] = {
        name: FileRecord(int(item["bytes"]), str(item["sha256"])) for name, item in known["files"].items()
    }
    known["chat"] = ChatFormat(**{name: str(known["chat"][name]) for name in ("template", "bos_token", "eos_token")})
    known["end_tokens"] = tuple(int(token) for token in known["end_tokens"])
    return Manifest(**known)
