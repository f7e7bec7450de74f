"""Texts that get a document of their own: a free name for each, and a place for those that are only to be read."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from fimble.privacy import path_of

_NAME = re.compile(r"(?P<stem>.+?)(?P<ending>(?:_test|\.test)?\.[^.]+)?")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f/\\:*?\"<>|]")
_MAX_NAMES = 1000


class Papers:
    """Folders for texts that have no place in the project; made when the first of them comes."""

    def __init__(self) -> None:
        self._to_read: Path | None = None
        self._to_keep: Path | None = None

    def read_once(self, name: str, text: str) -> Path:
        """Write ``text`` where it stays until the session ends. Raises ``OSError``."""
        self._to_read = self._to_read or _folder()
        return _write(self._to_read, name, text)

    def keep(self, name: str, text: str) -> Path:
        """Write ``text`` where the system keeps temporary files. Raises ``OSError``."""
        self._to_keep = self._to_keep or _folder()
        return _write(self._to_keep, name, text)

    def close(self) -> None:
        """The session ends."""
        if self._to_read is not None:
            shutil.rmtree(self._to_read, ignore_errors=True)
            self._to_read = None


def uri_beside(source: str, name: str, roots: Sequence[str], is_open: Callable[[str], bool]) -> str | None:
    """A free URI beside the document ``source``, or in the workspace for one that is in no file.

    ``None`` where there is no such place. ``is_open``: whether the editor has a document of that URI.
    """
    folders = (
        [source.rpartition("/")[0]] if _is_file(source) else [root.rstrip("/") for root in roots if _is_file(root)]
    )
    for folder in folders[:1]:
        for candidate in _names(name):
            uri = f"{folder}/{quote(candidate)}"
            if not is_open(uri) and not Path(path_of(uri)).exists():
                return uri
    return None


def safe_name(name: str) -> str:
    """``name`` with nothing in it that could lead out of a folder."""
    return _NOT_IN_NAMES.sub("_", name).lstrip(".") or "text"


def _is_file(uri: str) -> bool:
    return uri.lower().startswith("file:")


def _names(name: str) -> list[str]:
    """``tool.js``, ``tool_2.js`` and so on; what a test's name ends with stays its end."""
    match = _NAME.fullmatch(safe_name(name))
    stem, ending = (match["stem"], match["ending"] or "") if match else (safe_name(name), "")
    return [f"{stem}{f'_{number}' if number > 1 else ''}{ending}" for number in range(1, _MAX_NAMES)]


def _folder() -> Path:
    """A new one that only this person can read."""
    return Path(tempfile.mkdtemp(prefix="fimble-"))


def _write(folder: Path, name: str, text: str) -> Path:
    for candidate in _names(name):
        path = folder / candidate
        try:
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
    raise OSError(f"{folder} is full of {name}.")
