"""``.fimbleignore``: what the people of a project keep from fimble, in the syntax of ``.gitignore``.

A file that is there but cannot be understood forbids everything in its folder.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from fimble.privacy.patterns import Patterns

NAME = ".fimbleignore"
MAX_BYTES = 2**20

_Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """One ``.fimbleignore``, read or not."""

    folder: str
    """Absolute, with ``/`` at its end."""
    patterns: Patterns | None
    """``None``: the file cannot be read, and everything in the folder is private."""
    problem: str = ""

    @property
    def path(self) -> str:
        return self.folder + NAME


@dataclass(frozen=True, slots=True)
class IgnoreFiles:
    """All that were met, each read again when its size, time or identity on disk is another."""

    _known: dict[str, tuple[_Stamp | str, IgnoreFile]] = field(default_factory=dict)

    def of(self, folder: str) -> IgnoreFile | None:
        """The one in ``folder`` (absolute, ``/`` at its end), or ``None``."""
        path = folder + NAME
        try:
            stamp = _stamp(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return IgnoreFile(folder, None, error.strerror or str(error))
        known = self._known.get(folder)
        if known and known[0] == stamp:
            return known[1]
        found = _read(folder, path)
        self._known[folder] = (stamp, found)
        return found


def _stamp(path: str) -> _Stamp:
    """Raises ``FileNotFoundError`` only where nothing has that name; a link to nowhere is an ``OSError``."""
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        try:
            found = os.stat(path)  # noqa: PTH116 (a path object a folder would cost more than the call)
        except OSError as error:
            raise OSError("the link leads nowhere") from error
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode


def _read(folder: str, path: str) -> IgnoreFile:
    try:
        if not Path(path).is_file():
            return IgnoreFile(folder, None, "it is not a file")
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            return IgnoreFile(folder, None, f"it is larger than {MAX_BYTES} bytes")
        text = raw.decode("utf-8-sig")
        if "\0" in text:
            return IgnoreFile(folder, None, "it is not UTF-8 text")
        return IgnoreFile(folder, Patterns.compile(re.split(r"\r\n|\r|\n", text)))
    except UnicodeDecodeError:
        return IgnoreFile(folder, None, "it is not UTF-8 text")
    except OSError as error:
        return IgnoreFile(folder, None, error.strerror or str(error))
    except ValueError as error:
        return IgnoreFile(folder, None, str(error))
