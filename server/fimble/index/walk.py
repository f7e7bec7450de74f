"""Which files of a workspace are read: what its people write, without what git, they or the privacy rules leave out.

Links are not followed. What they lead to lies in the workspace, where it is met under its own name, or
outside, where nothing is read; and so there are no loops.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fimble import config
from fimble.index.filetypes import is_foreign, is_readable, max_bytes
from fimble.index.gitignore import Ignored
from fimble.index.records import Stamp
from fimble.privacy import Privacy

MAX_ENTRIES = 200_000
"""Of one folder. Their names are sorted, so they have to be held."""
_MAX_NOTES = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is to be read."""

    path: str
    """Relative to the workspace, with ``/``."""
    stamp: Stamp


class Walk:
    """The files of the workspace ``root``, an absolute path without links, but not those of fimble's own home.

    Not for several threads at once.
    """

    def __init__(
        self, root: Path, privacy: Privacy, max_files: int, on_note: Callable[[str], None] = lambda _: None
    ) -> None:
        self.root = root
        self._top = root.as_posix().rstrip("/") + "/"
        self._privacy = privacy
        self._max_files = max_files
        self._on_note = on_note
        self._num_unreadable = 0
        self._own_home = os.path.realpath(config.home())

    def files(self, folder: str = "") -> Iterator[Found]:
        """All, or those in a ``folder`` (relative) that :meth:`enters`; in the order of their paths' parts.

        Ends early, with a note, at ``max_files``.
        """
        if not self._privacy.may_read(self.root):
            return
        num_files = self._num_unreadable = 0
        path = self._top + folder if folder else self._top
        waiting: list[tuple[str, Ignored]] = [(path, self._ignored_above(folder))]
        while waiting:
            path, above = waiting.pop()
            ignored = above.within(Path(path))
            folders: list[str] = []
            for entry in self._entries(path):
                if entry.is_symlink() or not _is_text(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if self._enters(entry.path, entry.name, ignored):
                        folders.append(entry.path)
                elif (stamp := self._stamp(entry)) and self._takes(entry.path, entry.name, ignored):
                    if num_files >= self._max_files:
                        self._on_note(
                            f"The workspace has more than {self._max_files} files; the others are not indexed. "
                            "The option index_max_files raises the limit."
                        )
                        return
                    num_files += 1
                    yield Found(_slashed(entry.path)[len(self._top) :], stamp)
            waiting += [(one, ignored) for one in reversed(folders)]

    def takes(self, path: str) -> bool:
        """Whether :meth:`files` would come to the file at ``path`` (relative, ``/`` between names)."""
        folder, _, name = path.rpartition("/")
        if not name or not _is_text(path) or not self.enters(folder):
            return False
        ignored = self._ignored_above(folder).within(Path(self._top + folder))
        whole = self._top + path
        try:
            found = os.lstat(whole)
        except OSError:
            return False
        return _is_regular(found) and _fits(name, found.st_size) and self._takes(whole, name, ignored)

    def enters(self, folder: str) -> bool:
        """Whether :meth:`files` would look into ``folder`` (relative, empty for the workspace itself)."""
        if not self._privacy.may_read(self.root):
            return False
        ignored, path = Ignored.above(self.root), self._top.rstrip("/")
        for name in folder.split("/") if folder else ():
            ignored = ignored.within(Path(path or "/"))
            path += "/" + name
            if name in ("", ".", "..") or os.path.islink(path) or not os.path.isdir(path):  # noqa: PTH112, PTH114
                return False
            if not self._enters(path, name, ignored):
                return False
        return True

    def _ignored_above(self, folder: str) -> Ignored:
        ignored, path = Ignored.above(self.root), self._top.rstrip("/")
        for name in folder.split("/") if folder else ():
            ignored = ignored.within(Path(path or "/"))
            path += "/" + name
        return ignored

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                found = list(islice(entries, MAX_ENTRIES + 1))
        except OSError as error:
            self._num_unreadable += 1
            if self._num_unreadable <= _MAX_NOTES:
                self._on_note(f"{path} cannot be read ({error.strerror}); it is left out.")
            elif self._num_unreadable == _MAX_NOTES + 1:
                self._on_note("More folders cannot be read; they are left out.")
            return []
        if len(found) > MAX_ENTRIES:
            found.pop()
            self._on_note(f"{path} holds more than {MAX_ENTRIES} files; the others are not indexed.")
        return sorted(found, key=lambda entry: entry.name)

    def _stamp(self, entry: os.DirEntry[str]) -> Stamp | None:
        """``None`` for what is no file of a size and name to be read, and for what is gone."""
        if not is_readable(entry.name):
            return None
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            return None
        return stamp_of(found) if _is_regular(found) and _fits(entry.name, found.st_size) else None

    def _enters(self, path: str, name: str, ignored: Ignored) -> bool:
        if is_foreign(name) or ignored.forbids(_slashed(path), is_folder=True):
            return False
        if os.path.lexists(path + "/pyvenv.cfg") or path == self._own_home:
            return False
        return self._privacy.may_read(Path(path))

    def _takes(self, path: str, name: str, ignored: Ignored) -> bool:
        if not is_readable(name) or ignored.forbids(_slashed(path), is_folder=False):
            return False
        return self._privacy.may_read(Path(path))


def stamp_of(found: os.stat_result) -> Stamp:
    return Stamp(found.st_size, found.st_mtime_ns)


def _is_regular(found: os.stat_result) -> bool:
    return found.st_mode & 0o170000 == 0o100000


def _fits(name: str, num_bytes: int) -> bool:
    return num_bytes <= max_bytes(name)


def _is_text(name: str) -> bool:
    """Whether a name can be written down: systems allow any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _slashed(path: str) -> str:
    return path.replace(os.sep, "/")
