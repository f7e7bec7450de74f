"""Where the index of a workspace lies on disk, who may write it, and which folders are too much for one.

An index never lies in its workspace. Of one workspace there is one, whichever way its path is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from fimble import config
from fimble.errors import FolderTooWide, IndexUnavailable
from fimble.index.schema import FILE_NAME, in_words
from fimble.index.store import delete_files

_ROOT = "root.txt"
_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """The index of one workspace, there or not."""

    root: Path
    """The workspace, absolute and without links."""
    folder: Path

    @property
    def is_there(self) -> bool:
        return (self.folder / FILE_NAME).is_file()

    @property
    def num_bytes(self) -> int:
        """On disk, with what SQLite keeps beside the database."""
        try:
            return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())
        except OSError:
            return 0

    def begin(self) -> None:
        """Make the folder and note whose index it holds. Raises ``IndexUnavailable``, also where there is no such
        workspace."""
        if not os.path.isdir(self.root):  # noqa: PTH112 (a Path raises where the name is too long)
            raise IndexUnavailable(f"{self.root} is not a folder.", "Name the folder of a workspace.")
        with in_words(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / _ROOT).write_text(f"{self.root}\n", encoding="utf-8", errors="surrogateescape")

    def remove_database(self) -> None:
        """Delete what is in the index; whoever calls holds its lock. Raises ``IndexUnavailable``."""
        with in_words(self.folder):
            delete_files(self.folder)

    def remove(self) -> None:
        """Delete the index; whoever calls holds its lock. Raises ``IndexUnavailable``."""
        with in_words(self.folder):
            if self.folder.is_dir():
                delete_files(self.folder)
                (self.folder / _ROOT).unlink(missing_ok=True)
                self.folder.rmdir()

    @contextmanager
    def locked(self, wait: bool) -> Iterator[bool]:
        """Hold the right to write; gives false where another process does and is not waited for.

        The system takes it back when its holder dies. Raises ``IndexUnavailable``.
        """
        # beside the folder: a lock that goes with the folder would be two locks for a moment
        guard = FileLock(self.folder.with_suffix(".lock"))
        with in_words(self.folder):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                guard.acquire(blocking=wait, poll_interval=_POLL_S)
            except Timeout:
                yield False
                return
        try:
            yield True
        finally:
            guard.release()


def place_of(root: Path) -> Place:
    """Of the workspace ``root``, there or not. Raises ``IndexUnavailable`` or ``ConfigError``."""
    with in_words(root):
        resolved = _resolved(root)
        name = config.workspace_id(resolved)
    return Place(resolved, _home() / name)


def all_places() -> list[Place]:
    """Of every workspace that has an index, by its path. Raises ``ConfigError``."""
    found = []
    for folder in _home().glob("*/"):
        try:
            root = (folder / _ROOT).read_text(encoding="utf-8", errors="surrogateescape").removesuffix("\n")
        except OSError:
            continue
        found.append(Place(Path(root), folder))
    return sorted(found, key=lambda place: place.root)


def workspace_around(folder: Path) -> Path:
    """The folder with ``.git`` that ``folder`` lies in or is; itself where there is none, or that is too wide."""
    above = next((one for one in (folder, *folder.parents) if os.path.lexists(one / ".git")), folder)
    return folder if is_too_wide(above) else above


def places_gone() -> list[Place]:
    """Indexes whose workspace is no folder any more, by its path. Raises ``ConfigError``.

    A workspace on a disk that is not there now is gone, too: ask before its index is deleted.
    """
    return [place for place in all_places() if not os.path.isdir(place.root)]  # noqa: PTH112


def is_too_wide(root: Path) -> bool:
    """Whether ``root`` is the home folder or holds it: nobody means all that, but an editor may be opened there."""
    try:
        home, resolved = Path.home().resolve(), root.resolve()
    except (OSError, RuntimeError):
        return False
    return resolved == home or resolved in home.parents


def refuse_too_wide(root: Path) -> None:
    """Raises ``FolderTooWide`` for a folder that a person has to be asked about first."""
    if is_too_wide(root):
        what = f"{root} is or holds your home folder, which is hardly one workspace."
        raise FolderTooWide(what, "Name a folder in it, or give --yes.")


def _resolved(root: Path) -> Path:
    try:
        return root.resolve()
    except RuntimeError as error:  # Python before 3.13, of links that lead in a circle
        raise OSError(str(error)) from error


def _home() -> Path:
    return config.home() / "index"
