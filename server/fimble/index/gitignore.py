"""What git leaves out of a project: ``.gitignore`` at every level and ``.git/info/exclude``."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fimble.privacy.patterns import Patterns

NAME = ".gitignore"
_EXCLUDE = ".git/info/exclude"
_MAX_BYTES = 2**20
_MAX_ABOVE = 64


@dataclass(frozen=True, slots=True)
class _Rules:
    folder: str
    """Absolute, with ``/`` at its end: what the patterns are relative to."""
    patterns: Patterns


@dataclass(frozen=True, slots=True)
class Ignored:
    """The rules that hold in one folder, those that were written nearest to it first."""

    _rules: tuple[_Rules, ...] = ()

    @classmethod
    def above(cls, root: Path) -> Ignored:
        """What the folders around ``root`` say, up to the one that is the repository."""
        if (root / ".git").exists():
            return cls()
        for number, folder in enumerate(root.parents):
            if number >= _MAX_ABOVE:
                break
            if (folder / ".git").exists():
                return cls(_chain([*reversed(root.parents[: number + 1])]))
        return cls()

    def within(self, folder: Path) -> Ignored:
        """These rules and what ``folder``, which they govern, says itself."""
        found = _chain([folder])
        return Ignored(found + self._rules) if found else self

    def forbids(self, path: str, is_folder: bool) -> bool:
        """Whether the last rule that speaks of the absolute ``path`` leaves it out.

        A folder that is left out is left out with everything in it: ask about each folder on the way.
        """
        for rules in self._rules:
            relative = path[len(rules.folder) :]
            found = rules.patterns.rule_for(relative + "/" if is_folder else relative)
            if found is not None:
                return found[1]
        return False


def is_ignore_file(path: str) -> bool:
    """Whether a change at ``path`` may change which files are read."""
    return path.endswith((NAME, ".fimbleignore", _EXCLUDE))


def _chain(folders: Sequence[Path]) -> tuple[_Rules, ...]:
    """The rules that stand in ``folders``, each of which lies in the one before it: the strongest first."""
    found: list[_Rules] = []
    for folder in folders:
        prefix = folder.as_posix().rstrip("/") + "/"
        for name in (_EXCLUDE, NAME):
            if lines := _lines(folder / name):
                found.insert(0, _Rules(prefix, _compiled(lines)))
    return tuple(found)


def _lines(path: Path) -> list[str]:
    """None where there is no such file; a link is no such file, as for git."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return []
            raw = file.read(_MAX_BYTES)
    except OSError:
        return []
    return re.split(r"\r?\n", raw.decode("utf-8-sig", errors="surrogateescape"))


def _compiled(lines: Sequence[str]) -> Patterns:
    """As git does, without the lines that mean nothing."""
    compiled = Patterns(())
    for line in lines:
        with contextlib.suppress(ValueError):
            compiled = Patterns(compiled.rules + Patterns.compile([line]).rules)
    return compiled
