"""Under which licence a model's makers give it away, as far as its own files tell.

A hub's model card (README.md) names it in the block between two lines of ``---`` that it begins with, a GGUF
file in its metadata; else the first words of a LICENSE file are what a person is shown. Nothing is guessed:
what is not said is unknown, and that is said aloud.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CARD = "README.md"
_FILES = re.compile(r"(?:licen[cs]e|copying)(?:[-_.][a-z0-9]+)?(?:\.(?:txt|md))?", re.IGNORECASE)
_BLOCK = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<keys>.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_KEY = re.compile(r"(?P<key>license(?:_name|_link)?)[ \t]*:[ \t]*(?P<value>.*)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.+)")
_VAGUE = frozenset(("", "other", "unknown"))
_MAX_CHARS = 100
_MAX_BYTES = 2**20
_SPELT = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "isc": "ISC",
    "unlicense": "Unlicense",
    "cc0-1.0": "CC0-1.0",
    "gpl-3.0": "GPL-3.0",
    "lgpl-3.0": "LGPL-3.0",
    "agpl-3.0": "AGPL-3.0",
    "mpl-2.0": "MPL-2.0",
    "wtfpl": "WTFPL",
}
"""The hub writes SPDX's names in lower case."""

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by name, and where it is named."""

    name: str = UNKNOWN
    told_by: str = ""
    """The file that says it; empty where none does."""
    link: str = ""
    """Where its text is, if the card says so."""

    @property
    def is_known(self) -> bool:
        return self.name != UNKNOWN


def from_folder(folder: Path) -> Licence:
    """What the model card or a licence file in ``folder`` says."""
    named = _from_card(_text(folder / CARD))
    if named.is_known:
        return named
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and is_licence_file(path.name))
    except OSError:
        files = []
    for path in files:
        title = _title(_text(path))
        if title:
            return Licence(title, path.name, named.link)
    return named


def from_gguf(metadata: Mapping[str, Any]) -> Licence:
    """What a GGUF file's ``general.license`` says."""
    stated = {key: _plain(metadata.get(f"general.license{key}")) for key in ("", ".name", ".link")}
    name = stated[""] if stated[""].lower() not in _VAGUE else stated[".name"]
    return _licence(name, "the GGUF file", stated[".link"])


def is_licence_file(name: str) -> bool:
    """Whether a file is called as licences are."""
    return _FILES.fullmatch(name) is not None


def _from_card(text: str) -> Licence:
    block = _BLOCK.match(text)
    if block is None:
        return Licence()
    found: dict[str, str] = {}
    lines = block["keys"].splitlines()
    for number, line in enumerate(lines):
        key = _KEY.fullmatch(line.rstrip())
        if key is None:
            continue
        value = key["value"]
        if not value and number + 1 < len(lines):
            item = _ITEM.fullmatch(lines[number + 1])
            value = item["value"] if item else ""
        found[key["key"]] = _plain(value.strip("[] \t").strip("'\""))
    name = found.get("license", "")
    if name.lower() in _VAGUE:
        name = found.get("license_name", "")
    return _licence(name, CARD, found.get("license_link", ""))


def _licence(name: str, told_by: str, link: str) -> Licence:
    if name.lower() in _VAGUE:
        return Licence(link=link)
    return Licence(_SPELT.get(name.lower(), name), told_by, link)


def _title(text: str) -> str:
    """The first words of a licence's text: its first two lines that hold any."""
    lines = [" ".join(line.strip(" #*=-\t").split()) for line in text.splitlines()]
    return _plain(", ".join([line for line in lines if line][:2]))


def _plain(value: object) -> str:
    """A value that is printed on a terminal: one line, no control characters."""
    text = value if isinstance(value, str) else ""
    return "".join(char for char in text if char.isprintable())[:_MAX_CHARS].strip()


def _text(path: Path) -> str:
    if not path.is_file():  # a pipe would be waited for
        return ""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
