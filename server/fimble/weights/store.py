"""Where models lie on this disk, and how they come and go without ever being half there.

<home>/models/<name>/<precision>/    a prepared model (``manifest.py`` says what is in it)
<home>/models/<name>/.<precision>-*  one being written, or what a killed run left
<home>/sources/<sha256>/             verified source files, and parts of them on their way
<home>/locks/                        one file for each thing that one process may work on at a time
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from fimble import config
from fimble.errors import ModelFolderInvalid, ModelNotInstalled, UnknownModel, WeightsError
from fimble.weights import disk, locks, manifest
from fimble.weights.entry import NAME, SHA256, SourceFile
from fimble.weights.progress import OnProgress, Progress, silent

_REPLACED = re.compile(r"\.(?P<precision>.+)-[^-]+-replaced")
"""The model that a new one is about to replace, between two renames."""


class State(Enum):
    """What a model folder is worth; the value is what a person reads."""

    OK = "ok"
    DAMAGED = "damaged"
    OTHER_VERSION = "written by another version"


@dataclass(frozen=True, slots=True)
class Installed:
    """A prepared model on this disk."""

    name: str
    precision: str
    folder: Path
    num_bytes: int
    state: State
    problem: str = ""
    """Why it is not ``OK``."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that can go."""

    path: Path
    num_bytes: int
    why: str
    owner: str
    """Whose lock guards it: a model's name or a source's sha256."""


def models_folder() -> Path:
    return config.home() / "models"


def sources_folder() -> Path:
    return config.home() / "sources"


def model_folder(name: str, precision: str) -> Path:
    """Where the model lies once it is prepared. Raises ``UnknownModel`` for a name that is a path."""
    if not NAME.fullmatch(name) or not NAME.fullmatch(precision):
        raise UnknownModel(f"{name!r} ({precision}) is not the name of a model.")
    return models_folder() / name / precision


def source_folder(sha256: str) -> Path:
    """Where the source file with that digest lies or will lie."""
    return sources_folder() / sha256


def holds_source(file: SourceFile) -> bool:
    """Whether the whole source file is here; its bytes were verified when it got its name."""
    path = source_folder(file.sha256) / file.name
    return path.is_file() and path.stat().st_size == file.bytes


def inspect(name: str, precision: str, on_progress: OnProgress = silent, read_all: bool = False) -> Installed:
    """What lies in a model's folder. Raises ``ModelNotInstalled`` where nothing does.

    With ``read_all`` the bytes of each file are compared as well, which takes a second or two.
    """
    folder = model_folder(name, precision)
    _restore_unlocked(folder.parent)
    if not folder.is_dir():
        raise ModelNotInstalled(f"The model {name} ({precision}) is not installed.", f"Run `fimble setup {name}`.")
    state, problem = State.OK, ""
    try:
        loaded = manifest.load_installed(folder)
        if read_all:
            manifest.check_bytes(folder, loaded, on_progress)
    except ModelFolderInvalid as error:
        written = manifest.format_of(folder)
        state = State.DAMAGED if written in (None, manifest.FORMAT) else State.OTHER_VERSION
        problem = error.what
    return Installed(name, precision, folder, disk.folder_bytes(folder), state, problem)


def installed(read_all: bool = False) -> list[Installed]:
    """Every prepared model, by name and precision; ``read_all`` as in ``inspect``."""
    for folder in _model_folders():
        _restore_unlocked(folder)
    return [
        inspect(folder.name, place.name, read_all=read_all)
        for folder in _model_folders()
        for place in sorted(folder.iterdir())
        if place.is_dir() and NAME.fullmatch(place.name)
    ]


@contextmanager
def lock(name: str, on_progress: OnProgress = silent, wait: bool = True) -> Iterator[None]:
    """Be the only process at work on ``name``; says aloud when another one must be waited for.

    The system frees the lock when its holder dies; what that was about to replace is put back.
    Raises ``WeightsError`` where no lock can be had, and with ``wait`` false where it is held.
    """
    with locks.held(name, on_progress, wait):
        _restore(models_folder() / name)
        yield


@contextmanager
def staging(name: str, precision: str) -> Iterator[Path]:
    """An empty folder that becomes the model's folder when the block ends well, and else vanishes.

    The caller holds ``lock(name)``. What killed runs left for this model is removed first.
    Raises ``NotEnoughDisk`` when the disk runs full inside the block.
    """
    target = model_folder(name, precision)
    target.parent.mkdir(parents=True, exist_ok=True)
    _restore(target.parent)
    for remnant in target.parent.glob(".*-*"):
        shutil.rmtree(remnant, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{precision}-", dir=target.parent))
    try:
        folder.chmod(0o755)
        with disk.guarded(folder):
            yield folder
            disk.sync(folder)
        disk.swap(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not any(target.parent.iterdir()):
            target.parent.rmdir()


def remove(name: str, source_sha256s: Collection[str] = (), on_progress: OnProgress = silent) -> int:
    """Delete the model in every precision, and these of its source files. Returns the bytes freed.

    A source that another process uses stays, aloud. Raises ``ModelNotInstalled`` where there is nothing
    of the model, ``WeightsError`` while it is being set up or where it cannot be deleted.
    """
    folder = model_folder(name, "x").parent
    sources = [sha256 for sha256 in source_sha256s if source_folder(sha256).is_dir()]
    if not folder.is_dir() and not sources:
        raise ModelNotInstalled(f"Nothing of {name} is on this disk.")
    with lock(name, wait=False):
        freed_bytes = _delete(folder)
    for sha256 in sources:
        if locks.is_held(sha256):
            on_progress(Progress(notice=f"Another fimble uses {source_folder(sha256)}; it stays."))
            continue
        with lock(sha256, wait=False):
            freed_bytes += _delete(source_folder(sha256))
    return freed_bytes


def leftovers(needed_sha256s: Collection[str], everything: bool = False) -> list[Leftover]:
    """What can be deleted: remnants of ended runs, and sources that no known model needs.

    With ``everything``, all models and sources as well. What a living process works on is left out.
    """
    found: list[Leftover] = []
    for folder in _model_folders():
        _restore_unlocked(folder)
        for place in [folder] if everything else sorted(folder.glob(".*-*")):
            why = "prepared model" if everything else "half a model, left by an ended run"
            found.append(Leftover(place, disk.folder_bytes(place), why, folder.name))
    for folder in sorted(sources_folder().glob("*")):
        if not SHA256.fullmatch(folder.name):
            continue
        parts = [folder / "wheels", *folder.glob("*.partial")]
        if everything or folder.name not in needed_sha256s:
            why = "source file" if everything else "source of no known model"
            found.append(Leftover(folder, disk.folder_bytes(folder), why, folder.name))
        else:
            found += [
                Leftover(part, disk.folder_bytes(part), "part of a download", folder.name)
                for part in parts
                if part.exists()
            ]
    return [leftover for leftover in found if not locks.is_held(leftover.owner)]


def free(leftover: Leftover) -> int:
    """Delete it, and return the bytes freed.

    Raises ``WeightsError`` where that fails, or a process has begun to work on it.
    """
    with lock(leftover.owner, wait=False):
        freed_bytes = _delete(leftover.path)
        with locks.in_words(f"{leftover.path.parent} could not be tidied up"):
            for folder in (leftover.path.parent, leftover.path.parent.parent):
                if folder != config.home() and folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
    return freed_bytes


def _model_folders() -> list[Path]:
    """The folders of models; others that lie beside them are not fimble's."""
    return [folder for folder in sorted(models_folder().glob("*")) if folder.is_dir() and NAME.fullmatch(folder.name)]


def _restore(folder: Path) -> None:
    """Put back what a run was about to replace when it was killed. The caller holds the lock."""
    with locks.in_words(f"What an ended run left in {folder} cannot be put back"):
        for place in sorted(folder.glob(".*-replaced")):
            named = _REPLACED.fullmatch(place.name)
            if named and not (folder / named["precision"]).exists():
                place.rename(folder / named["precision"])


def _restore_unlocked(folder: Path) -> None:
    """``_restore``, unless a living process is at work there or nothing may be changed."""
    if any(folder.glob(".*-replaced")):
        with suppress(WeightsError), lock(folder.name, wait=False):
            pass


def _delete(place: Path) -> int:
    """Delete a file or folder, and return the bytes freed. Raises ``WeightsError`` where some of it stays."""
    num_bytes = disk.folder_bytes(place)
    with locks.in_words(f"{place} cannot be deleted"):
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    return num_bytes
