"""Which models fimble knows: one TOML file a model, packed into the wheel.

A person may add entries of the same form under ``catalogue/`` in fimble's home; an
entry there replaces a built-in one of the same name. Recorded reference answers lie
beside a TOML as ``<name>.reference.json``, since they are too long for people to read.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from fimble import config
from fimble.errors import ConfigError, UnknownModel
from fimble.weights import disk
from fimble.weights.entry import (
    CatalogEntry,
    FolderSource,
    HubSource,
    Reference,
    Source,
    SourceFile,
    UrlSource,
    WheelSource,
    parse,
    parse_references,
)
from fimble.weights.entry_text import to_toml

__all__ = [
    "CatalogEntry",
    "FolderSource",
    "HubSource",
    "Reference",
    "Source",
    "SourceFile",
    "UrlSource",
    "WheelSource",
    "builtin_folder",
    "catalogue_file",
    "entries",
    "find",
    "forget",
    "is_builtin",
    "names",
    "needs_source",
    "save",
    "user_file",
    "user_folder",
]


def names() -> list[str]:
    """The names of all entries, sorted."""
    return sorted(_places())


def find(name: str) -> CatalogEntry:
    """The entry called ``name``. Raises ``UnknownModel``, or ``ConfigError`` for a malformed entry."""
    places = _places()
    if name not in places:
        near = [known for known in sorted(places) if name and name.lower() in known.lower()]
        near = near or difflib.get_close_matches(name.lower(), places, n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(sorted(places))}."
        raise UnknownModel(f"There is no model called {name!r}.", hint)
    place = places[name]
    entry = parse(_text(place), name, str(place))
    return replace(entry, references=_references(entry))


def entries() -> tuple[list[CatalogEntry], list[str]]:
    """All well-formed entries by name, and a sentence for each that is malformed."""
    found, complaints = [], []
    for name in names():
        try:
            found.append(find(name))
        except ConfigError as error:
            complaints.append(str(error))
    return found, complaints


def needs_source(sha256: str, but_for: str = "") -> bool:
    """Whether an entry, other than the one called ``but_for``, is prepared from the source file of that digest."""
    return any(entry.file.sha256 == sha256 for entry in entries()[0] if entry.name != but_for)


def catalogue_file(file_name: str) -> Traversable | None:
    """A file of the catalogue, the user's own before the built-in one; None where there is none."""
    for folder in (user_folder(), builtin_folder()):
        candidate = folder / file_name
        if candidate.is_file():
            return candidate
    return None


def user_folder() -> Path:
    """Where a person's own entries lie."""
    return config.home() / "catalogue"


def is_builtin(name: str) -> bool:
    """Whether fimble itself brings an entry of that name, in any case: some disks do not tell them apart."""
    return any(place.name.lower() == f"{name}.toml".lower() for place in builtin_folder().iterdir())


def user_file(name: str) -> Path:
    """Where a person's own entry called ``name`` lies, or would."""
    return user_folder() / f"{name}.toml"


def save(entry: CatalogEntry, heading: str, references: str = "") -> None:
    """Write a person's own entry, whole or not at all; ``references``: the text of its recorded answers.

    Raises ``NotEnoughDisk``.
    """
    with disk.guarded(user_folder()):
        user_folder().mkdir(parents=True, exist_ok=True)
        if references:
            _write(user_folder() / f"{entry.name}.reference.json", references)
        _write(user_file(entry.name), to_toml(entry, heading))


def forget(name: str) -> None:
    """Delete a person's own entry with its recorded answers, if there is one."""
    for path in (user_file(name), user_folder() / f"{name}.reference.json"):
        path.unlink(missing_ok=True)


def builtin_folder() -> Traversable:
    """``fimble/_models`` in an installed package, ``models/`` in a checkout."""
    packed = resources.files("fimble") / "_models"
    return packed if packed.is_dir() else Path(__file__).parents[3] / "models"


def _references(entry: CatalogEntry) -> tuple[Reference, ...]:
    """What is recorded for the entry's bytes. An entry with other bytes than the built-in one inherits none."""
    file_name = f"{entry.name}.reference.json"
    recorded = catalogue_file(file_name)
    if recorded is None:
        return ()
    try:
        return parse_references(_text(recorded), str(recorded), entry.file.sha256)
    except ConfigError:
        if (user_folder() / f"{entry.name}.toml").is_file() and not (user_folder() / file_name).is_file():
            return ()
        raise


def _places() -> dict[str, Traversable]:
    folders: tuple[Traversable, ...] = (builtin_folder(), user_folder())
    return {
        file.name.removesuffix(".toml"): file
        for folder in folders
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.") from error
