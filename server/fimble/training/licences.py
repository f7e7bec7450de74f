"""Which files their licences let a model learn from.

The rule, as the data card states it: a file is taken unless

- a notice at its top, or a licence file in its folder or one above it (the repository's own aside), names a licence
  that is neither the repository's own, nor permissive, nor allowed by the person who asks;
- a notice at its top keeps it to its owner ("all rights reserved", "confidential", "proprietary") and names no licence;
- it asks not to be used for training.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

from fimble.training.notices import CHOICE, SPDX, is_reserved, named_in, notice

RULE = (
    "A file is left out when a notice at its top, or a licence file beside or above it, names a licence that is "
    "neither the repository's own nor permissive, when its notice reserves all rights and names no licence, and when "
    "it asks not to be used for training. --allow-licence allows more."
)
_NAMES = (
    "0BSD AFL-3.0 Apache-2.0 Artistic-2.0 BSD BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 "
    "BlueOak-1.0.0 CC-BY-3.0 CC-BY-4.0 CC0-1.0 HPND ISC MIT MIT-0 MulanPSL-2.0 NCSA PSF-2.0 PostgreSQL Python-2.0 "
    "UPL-1.0 Unlicense WTFPL X11 Zlib"
)
PERMISSIVE = frozenset(_NAMES.split())
PROPRIETARY = "proprietary"
UNKNOWN = "unknown"
_FILE = re.compile(r"(?:un)?licen[cs]e|copying", re.IGNORECASE)
_FILE_ENDINGS = ("", ".txt", ".md", ".rst", ".mit", ".apache", ".bsd", ".gpl", ".lesser")
_MAX_BYTES = 2**17
_MAX_FIELD_CHARS = 100


class Licences:
    """The licences of one repository: its own, and which files they and their own notices let be used."""

    def __init__(self, root: Path, more: Collection[str] = ()) -> None:
        """``more``: SPDX identifiers, or ``proprietary``, that are allowed as well."""
        self._root = root
        self.own = own_licences(root)
        """Short names, such as ``Apache-2.0``; empty where none is found."""
        self._allowed = {name.lower() for name in (*PERMISSIVE, *self.own, *more)}
        self._folders: dict[str, frozenset[str]] = {"": frozenset()}

    def refusal(self, path: str, text: str) -> str | None:
        """The licence that keeps the file at ``path`` (relative, with ``/``) out, or ``None`` where it may be used."""
        around = self._around(path.rpartition("/")[0])
        said = notice(text)
        expressions = [found.strip() for found in SPDX.findall(said)]
        if expressions:
            return next((one for one in expressions if not self._is_fit(one)), None)
        named = named_in(said)
        if named:
            fit = [self._allows(name) for name in named]
            if not all(fit) and not (any(fit) and CHOICE.search(said)):
                return next(name for name, is_fit in zip(named, fit, strict=True) if not is_fit)
            return None
        if is_reserved(said) and not self._allows(PROPRIETARY):
            return PROPRIETARY
        if around and not any(self._allows(name) for name in around):
            return sorted(around)[0]
        return None

    def _around(self, folder: str) -> frozenset[str]:
        """The licences that the nearest licence files above a file name, those of the root left aside."""
        if folder not in self._folders:
            found = frozenset(_named_by_files(self._root / folder))
            self._folders[folder] = found or self._around(folder.rpartition("/")[0])
        return self._folders[folder]

    def _is_fit(self, expression: str) -> bool:
        """Whether an SPDX expression leaves a way to comply: one side of ``OR``, both of ``AND``."""
        words = re.findall(r"[()]|[^\s()]+", expression)
        position = 0

        def alternatives() -> bool:
            nonlocal position
            fit = conjunction()
            while position < len(words) and words[position].upper() == "OR":
                position += 1
                fit = conjunction() or fit
            return fit

        def conjunction() -> bool:
            nonlocal position
            fit = one()
            while position < len(words) and words[position].upper() == "AND":
                position += 1
                fit = one() and fit
            return fit

        def one() -> bool:
            nonlocal position
            if position >= len(words):
                return False
            word = words[position]
            position += 1
            if word == "(":
                fit = alternatives()
                position += 1
                return fit
            if position + 1 < len(words) and words[position].upper() == "WITH":
                position += 2
            return self._allows(word)

        return alternatives()

    def _allows(self, name: str) -> bool:
        plain = re.sub(r"-only$|-or-later$|\+$", "", name.lower())
        if name.lower() in self._allowed or plain in self._allowed:
            return True
        family, _, version = plain.partition("-")
        if any(one.partition("-")[0] == family and not one.partition("-")[2] for one in self._allowed):
            return True
        if not version and family in ("gpl", "lgpl", "agpl"):
            return any(one.startswith(f"{family}-") for one in self._allowed)
        is_later = name.lower().endswith(("-or-later", "+"))
        return is_later and any(one.startswith(f"{family}-") and one > plain for one in self._allowed)


def own_licences(root: Path) -> frozenset[str]:
    """What a repository's licence files or, without any that says it, its package files name; ``unknown`` where there
    is a licence that nobody knows."""
    by_files = frozenset(_named_by_files(root))
    declared = frozenset(_declared(root))
    return (by_files - {UNKNOWN}) | declared or by_files


def _named_by_files(folder: Path) -> Iterator[str]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if _FILE.match(entry.name))
    except OSError:
        return
    for entry in entries:
        if entry.suffix.lower() not in _FILE_ENDINGS and not re.search(r"[-_.]\d", entry.name):
            continue
        text = _text(entry)
        if text is None or not text.strip():
            continue
        named = named_in(text[:1500]) or named_in(text)
        if named:
            # a licence's own text says "or later" of how it may be applied
            yield from (name.removesuffix("-or-later") for name in named)
        else:
            yield PROPRIETARY if is_reserved(text) else UNKNOWN


def _declared(root: Path) -> Iterator[str]:
    """What package files name."""
    for name in ("pyproject.toml", "Cargo.toml"):
        try:
            project = tomllib.loads(_text(root / name) or "")
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        table = project.get("project") or project.get("package") or {}
        if isinstance(table, dict):
            given = table.get("license")
            yield from _from_field(given.get("text") if isinstance(given, dict) else given)
            classifiers = table.get("classifiers")
            for one in classifiers if isinstance(classifiers, list) else ():
                if isinstance(one, str) and one.startswith("License ::"):
                    yield from named_in(one)
    try:
        package = json.loads(_text(root / "package.json") or "{}")
    except (ValueError, RecursionError):
        package = {}
    if isinstance(package, dict):
        yield from _from_field(package.get("license"))
    for name, field in (
        ("setup.cfg", r"(?m)^license\s*=\s*(.+)$"),
        ("PKG-INFO", r"(?m)^License(?:-Expression)?: (.+)$"),
    ):
        yield from _from_field((re.search(field, _text(root / name) or "") or ("", ""))[1])


def _from_field(given: object) -> Iterator[str]:
    """The licences that a field of a package file names: an SPDX expression, a title, or the whole text."""
    if not isinstance(given, str):
        return
    if len(given) > _MAX_FIELD_CHARS:
        yield from named_in(given)
        return
    names = [word for word in re.findall(r"[A-Za-z0-9][\w.+-]*", given) if word not in ("OR", "AND", "WITH")]
    exact = [name for name in names if name in PERMISSIVE or re.match(r"[AL]?GPL-\d", name)]
    yield from exact or named_in(given) or names


def _text(file: Path) -> str | None:
    try:
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            return opened.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
