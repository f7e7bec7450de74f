"""A catalogue entry as the TOML text that ``entry.parse`` reads."""

from __future__ import annotations

import json
from dataclasses import asdict

from fimble.weights.entry import CatalogEntry, FolderSource, HubSource, Source, SourceFile, UrlSource, WheelSource

_TEXTS = ("name", "title", "licence", "architecture", "prompt_family")
_KINDS: dict[type[Source], str] = {HubSource: "hub", WheelSource: "wheels", UrlSource: "url", FolderSource: "folder"}


def to_toml(entry: CatalogEntry, heading: str = "") -> str:
    """The text of ``entry``, without its references. ``heading``: a comment for its first line."""
    lines = [f"# {heading}"] if heading else []
    lines += [f"{key} = {_quoted(getattr(entry, key))}" for key in _TEXTS]
    lines += [f"context_length = {entry.context_length}", f"parameters = {entry.parameters}"]
    lines += [f"format = {_quoted(entry.format)}"]
    if entry.shape is not None:
        lines += ["", "[shape]", *(f"{key} = {value}" for key, value in asdict(entry.shape).items())]
    lines += ["", "[file]", *_file(entry.file)]
    for companion in entry.companions:
        lines += ["", "[[companion]]", *_file(companion)]
    for source in entry.sources:
        lines += ["", "[[source]]", f"kind = {_quoted(_KINDS[type(source)])}"]
        lines += [f"{key} = {_value(value)}" for key, value in asdict(source).items() if value]
    return "\n".join(lines) + "\n"


def _file(file: SourceFile) -> list[str]:
    return [f"name = {_quoted(file.name)}", f"bytes = {file.bytes}", f"sha256 = {_quoted(file.sha256)}"]


def _value(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_quoted(str(item)) for item in value) + "]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """A basic string of TOML. JSON writes the same one, but for U+007F, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
