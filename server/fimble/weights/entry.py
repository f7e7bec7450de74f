"""One catalogue entry: what a model is, which bytes it consists of and where they can be had.

The text of an entry is written by people, so every complaint names the file and the key.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fimble.errors import ConfigError

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


@dataclass(frozen=True, slots=True)
class UrlSource:
    """The main file at an address; companions lie beside it."""

    url: str


Source = HubSource | WheelSource | UrlSource


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


class Table:
    """A TOML table that is read key by key and knows where it came from."""

    def __init__(self, values: Mapping[str, Any], where: str, path: str = "") -> None:
        self._values = values
        self._where = where
        self._path = path
        self._read: set[str] = set()

    def text(self, key: str, accept: Callable[[str], object] = bool, problem: str = "must be a text in quotes") -> str:
        value = self._get(key)
        if not isinstance(value, str) or not accept(value):
            raise self.complaint(key, f"{problem}, not {value!r}")
        return value

    def number(self, key: str) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self.complaint(key, f"must be a whole number above 0, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
            raise self.complaint(key, f"must be a list of texts, not {value!r}")
        return tuple(value)

    def table(self, key: str) -> Table:
        value = self._get(key)
        if not isinstance(value, dict):
            raise self.complaint(key, "must be a table")
        return Table(value, self._where, f"{self._path}{key}.")

    def tables(self, key: str) -> list[Table]:
        self._read.add(key)
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.complaint(key, f"must be tables, written [[{key}]]")
        return [Table(item, self._where, f"{self._path}{key}[{i}].") for i, item in enumerate(value)]

    def complaint(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self._where}: {self._path}{key} {problem}.")

    def refuse_unknown(self) -> None:
        for key in self._values:
            if key not in self._read:
                raise self.complaint(key, "is not a key that an entry has")

    def _get(self, key: str) -> Any:
        self._read.add(key)
        if key not in self._values:
            raise self.complaint(key, "is missing")
        return self._values[key]


def _file(table: Table) -> SourceFile:
    file = SourceFile(
        name=table.text("name", _is_file_name, "must be a bare file name of letters, digits, '.', '_' and '-'"),
        bytes=table.number("bytes"),
        sha256=table.text("sha256", SHA256.fullmatch, "must be 64 hexadecimal digits in lower case"),
    )
    table.refuse_unknown()
    return file


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
            )
        case "url":
            source = UrlSource(table.text("url", _URL.match, "must begin with https:// or http://"))
        case other:
            raise table.complaint("kind", f"must be hub, wheels or url, not {other!r}")
    table.refuse_unknown()
    return source


def _packages(table: Table) -> tuple[str, ...]:
    packages = table.texts("packages")
    for package in packages:
        if not NAME.fullmatch(package):
            raise table.complaint("packages", f"holds {package!r}, which is not the name of a package")
    return packages
