"""Where models lie on this disk, and how they come and go without ever being half there.

<home>/models/<name>/<precision>/    a prepared model (``manifest.py`` says what is in it)
<home>/models/<name>/.<precision>-*  one being written, or what a killed run left
<home>/sources/<sha256>/             verified source files, and parts of them on their way
<home>/locks/                        one file for each thing that one process may work on at a time
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from filelock import FileLock, Timeout

from fimble import config
from fimble.errors import ModelFolderInvalid, ModelNotInstalled, UnknownModel, WeightsError
from fimble.weights import disk, manifest
from fimble.weights.entry import NAME, SourceFile
from fimble.weights.progress import OnProgress, Progress, silent


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


def inspect(name: str, precision: str) -> Installed:
    """What lies in a model's folder. Raises ``ModelNotInstalled`` where nothing does."""
    folder = model_folder(name, precision)
    if not folder.is_dir():
        raise ModelNotInstalled(f"The model {name} ({precision}) is not installed.", f"Run `fimble setup {name}`.")
    state, problem = State.OK, ""
    try:
        manifest.load(folder)
    except ModelFolderInvalid as error:
        written = manifest.format_of(folder)
        state = State.DAMAGED if written in (None, manifest.FORMAT) else State.OTHER_VERSION
        problem = error.what
    return Installed(name, precision, folder, disk.folder_bytes(folder), state, problem)


def installed() -> list[Installed]:
    """Every prepared model, by name and precision."""
    return [
        inspect(place.parent.name, place.name)
        for place in sorted(models_folder().glob("*/*"))
        if place.is_dir() and NAME.fullmatch(place.name)
    ]


@contextmanager
def lock(name: str, on_progress: OnProgress = silent, wait: bool = True) -> Iterator[None]:
    """Be the only process at work on ``name``; says aloud when another one must be waited for.

    The system frees the lock when its holder dies. With ``wait`` false a held lock raises
    ``WeightsError``.
    """
    folder = config.home() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    guard = FileLock(folder / f"{name}.lock")
    try:
        guard.acquire(blocking=False)
    except Timeout:
        if not wait:
            raise WeightsError(
                f"Another fimble is at work on {name}.", "Wait until it is done, then run the command again."
            ) from None
        on_progress(Progress(notice=f"Another fimble is at work on {name}; waiting for it."))
        guard.acquire()
    try:
        yield
    finally:
        guard.release()


@contextmanager
def staging(name: str, precision: str) -> Iterator[Path]:
    """An empty folder that becomes the model's folder when the block ends well, and else vanishes.

    The caller holds ``lock(name)``. What killed runs left for this model is removed first.
    Raises ``NotEnoughDisk`` when the disk runs full inside the block.
    """
    target = model_folder(name, precision)
    target.parent.mkdir(parents=True, exist_ok=True)
    for remnant in target.parent.glob(".*-*"):
        shutil.rmtree(remnant, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{precision}-", dir=target.parent))
    try:
        folder.chmod(0o755)
        with disk.guarded(folder):
            yield folder
            _sync(folder)
        if target.exists():
            replaced = folder.with_name(f"{folder.name}-replaced")
            target.rename(replaced)
            folder.rename(target)
            shutil.rmtree(replaced, ignore_errors=True)
        else:
            folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not any(target.parent.iterdir()):
            target.parent.rmdir()


def remove(name: str, source_sha256s: Collection[str] = ()) -> int:
    """Delete the model in every precision, and these of its source files. Returns the bytes freed.

    Raises ``ModelNotInstalled`` where there is nothing of it, ``WeightsError`` while it is being set up.
    """
    folder = model_folder(name, "x").parent
    sources = [source_folder(sha256) for sha256 in source_sha256s if source_folder(sha256).is_dir()]
    if not folder.is_dir() and not sources:
        raise ModelNotInstalled(f"Nothing of {name} is on this disk.")
    freed_bytes = 0
    with lock(name, wait=False):
        for place in (folder, *sources):
            freed_bytes += disk.folder_bytes(place)
            shutil.rmtree(place, ignore_errors=True)
    return freed_bytes


def leftovers(needed_sha256s: Collection[str], everything: bool = False) -> list[Leftover]:
    """What can be deleted: remnants of ended runs, and sources that no known model needs.

    With ``everything``, all models and sources as well. What a living process works on is left out.
    """
    found: list[Leftover] = []
    for folder in sorted(models_folder().glob("*")):
        for place in [folder] if everything else sorted(folder.glob(".*-*")):
            why = "prepared model" if everything else "half a model, left by an ended run"
            found.append(Leftover(place, disk.folder_bytes(place), why, folder.name))
    for folder in sorted(sources_folder().glob("*")):
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
    return [leftover for leftover in found if not _is_worked_on(leftover.owner)]


def free(leftover: Leftover) -> int:
    """Delete it, and return the bytes freed: 0 where a process has begun to work on it."""
    try:
        with lock(leftover.owner, wait=False):
            if leftover.path.is_dir():
                shutil.rmtree(leftover.path, ignore_errors=True)
            else:
                leftover.path.unlink(missing_ok=True)
            for folder in (leftover.path.parent, leftover.path.parent.parent):
                if folder != config.home() and folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
    except WeightsError:
        return 0
    return leftover.num_bytes


def _is_worked_on(owner: str) -> bool:
    try:
        with lock(owner, wait=False):
            return False
    except WeightsError:
        return True


def _sync(folder: Path) -> None:
    """Have the files on the disk before the folder gets its name."""
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
