"""Which adapters are on this disk, and away with them.

<home>/adapters/<id>/      the adapter of one workspace (``adapter.py``); the id follows from the workspace's path
<home>/adapters/.<id>-*    one being written or removed, or what a killed run left
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from fimble import config
from fimble.errors import AdapterInvalid, ModelFolderInvalid, WeightsError
from fimble.weights import disk, locks, manifest, store
from fimble.weights.adapter import About, lock_of, read_about, read_adapter
from fimble.weights.entry import NAME
from fimble.weights.store import Leftover

_REMNANT = re.compile(r"\.(?P<id>.+?)-[^-]+(?P<replaced>-replaced)?")


class State(Enum):
    """What an adapter is worth; the value is what a person reads."""

    OK = "ok"
    DAMAGED = "damaged"
    NO_BASE = "its model is not installed"
    OTHER_BASE = "trained on other weights than are installed"


@dataclass(frozen=True, slots=True)
class Kept:
    """An adapter on this disk."""

    id: str
    folder: Path
    num_bytes: int
    state: State
    about: About | None = None
    """Nothing where it cannot be read."""
    problem: str = ""
    """Why it is ``DAMAGED``."""


def adapters_folder() -> Path:
    return config.home() / "adapters"


def folder_for(root: Path) -> Path:
    """Where the adapter of the workspace ``root`` lies or will lie. Raises ``WeightsError`` for no path at all."""
    with locks.in_words(f"{root} cannot be found"):
        return adapters_folder() / config.workspace_id(root)


def find(root: Path) -> Path | None:
    """The folder of the workspace's adapter, whatever it is worth; ``None`` where there is none."""
    folder = folder_for(root)
    return folder if folder.is_dir() else None


def listed(read_all: bool = False) -> list[Kept]:
    """Every adapter, by its workspace; with ``read_all`` each byte is compared with what was written."""
    _restore()
    bases = _bases()
    found = [_kept(folder, bases, read_all) for folder in _folders()]
    return sorted(found, key=lambda one: (one.about.root if one.about else "", one.id))


def named(name: str) -> Kept:
    """The adapter with the id ``name``, or of the workspace at that path. Raises ``AdapterInvalid`` for none."""
    _restore()
    places = [adapters_folder() / name] if NAME.fullmatch(name) else []
    for folder in (*places, folder_for(Path(name))):
        if folder.is_dir():
            return _kept(folder, _bases(), read_all=False)
    raise AdapterInvalid(f"There is no adapter of {name}.", "`fimble models` lists them.")


def remove(kept: Kept) -> None:
    """Delete an adapter; it is gone at once or not at all.

    Raises ``WeightsError`` while another process is at work on it, or where it cannot be deleted.
    """
    folder = kept.folder
    with locks.held(lock_of(folder), lambda _: None, wait=False), locks.in_words(f"{folder} cannot be deleted"):
        away = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        folder.rename(away / folder.name)
        shutil.rmtree(away, ignore_errors=True)


def leftovers() -> list[Leftover]:
    """What can be deleted: remnants of ended runs, and adapters of workspaces that are gone. For ``store.free``."""
    _restore()
    found = []
    for place in sorted(adapters_folder().glob(".*-*")):
        named = _REMNANT.fullmatch(place.name)
        if named:
            why = "half an adapter, left by an ended run"
            found.append(Leftover(place, disk.folder_bytes(place), why, f"adapter-{named['id']}"))
    for kept in listed():
        if kept.about is not None and not Path(kept.about.root).is_dir():
            why = f"adapter of {kept.about.root}, which is gone"
            found.append(Leftover(kept.folder, kept.num_bytes, why, lock_of(kept.folder)))
    return [leftover for leftover in found if not locks.is_held(leftover.owner)]


def _folders() -> list[Path]:
    return [folder for folder in sorted(adapters_folder().glob("*")) if folder.is_dir() and NAME.fullmatch(folder.name)]


def _kept(folder: Path, bases: Mapping[str, frozenset[str]], read_all: bool) -> Kept:
    num_bytes, about = disk.folder_bytes(folder), None
    try:
        about = read_about(folder)
        if read_all:
            read_adapter(folder)
    except AdapterInvalid as error:
        return Kept(folder.name, folder, num_bytes, State.DAMAGED, about, error.what)
    if about.model not in bases:
        return Kept(folder.name, folder, num_bytes, State.NO_BASE, about)
    state = State.OK if about.base_sha256 in bases[about.model] else State.OTHER_BASE
    return Kept(folder.name, folder, num_bytes, state, about)


def _bases() -> dict[str, frozenset[str]]:
    """Installed models -> the sources that they were prepared from."""
    found: dict[str, frozenset[str]] = {}
    for item in store.installed():
        try:
            source = manifest.read(item.folder).source_sha256
        except ModelFolderInvalid:
            continue
        found[item.name] = found.get(item.name, frozenset()) | {source}
    return found


def _restore() -> None:
    """Put back what a run was about to replace when it was killed, between two renames."""
    for place in sorted(adapters_folder().glob(".*-replaced")):
        named = _REMNANT.fullmatch(place.name)
        if named is None or (place.parent / named["id"]).exists():
            continue
        try:
            with locks.held(f"adapter-{named['id']}", lambda _: None, wait=False):
                if not (place.parent / named["id"]).exists():
                    place.rename(place.parent / named["id"])
        except (WeightsError, OSError):
            continue  # whoever holds the lock is the one who replaces it
