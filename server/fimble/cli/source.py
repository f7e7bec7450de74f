"""The code that a command is about: a file that may be read, or standard input, in a known language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import typer

from fimble.config import Config
from fimble.document import read
from fimble.errors import ActionRefused, ConfigError, DocumentError, DocumentTooLarge, NotText, PositionOutside
from fimble.privacy import Privacy
from fimble.syntax.languages import LANGUAGES, Language, find
from fimble.text import Snapshot

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A text that is not empty."""

    name: str
    """What people call it."""
    path: Path | None
    """Nothing for standard input."""
    snapshot: Snapshot
    language: Language

    @property
    def text(self) -> str:
        return self.snapshot.text

    def span(self, first: int, last: int) -> tuple[int, int]:
        """From the first sign of line ``first`` to the end of line ``last``, in code points; lines count from 1.

        Raises ``PositionOutside``.
        """
        lines = self.text.removesuffix("\n").split("\n")
        for line in (first, last):
            if not 1 <= line <= len(lines):
                raise PositionOutside(f"Line {line} is outside {self.name}, which has {_counted(len(lines))}.")
        start = sum(len(line) + 1 for line in lines[: first - 1])
        end = start + sum(len(line) + 1 for line in lines[first - 1 : last]) - 1
        text = self.text[start:end]
        begin = start + len(text) - len(text.lstrip())
        return begin, max(begin, start + len(text.rstrip()))


def open_source(file: str, language: str, option: str, config: Config) -> Source:
    """The code in ``file``, in ``language`` or what its name tells.

    ``option`` is what sets the language. Raises ``DocumentError``, ``ActionRefused`` for a private or an empty file,
    ``ConfigError`` for a language that is missing or unknown.
    """
    known = language_called(language) if language else None
    if file == STANDARD_INPUT:
        if known is None:
            raise ConfigError("Standard input does not tell its language.", f"Give it: {option} python")
        return _checked(Source("standard input", None, Snapshot("", known.name, 0, piped(config)), known))
    path = Path(file)
    rule = Privacy(config.disabled_paths).why_not(path)
    if rule is not None:
        raise ActionRefused(f"{path} is a file that fimble never reads.", rule)
    snapshot = read(path, config.max_document_mb)
    known = known or find("", snapshot.uri)
    if known is None:
        raise ConfigError(f"The name {path.name} does not tell its language.", f"Give it: {option} python")
    return _checked(Source(str(path), path, replace(snapshot, language=known.name), known))


def language_called(name: str) -> Language:
    """The language of that name, as editors and people write it. Raises ``ConfigError``, which names them all."""
    known = find_language(name)
    if known is None:
        raise ConfigError(f"There is no language {name!r}.", f"The languages are {', '.join(LANGUAGES)}.")
    return known


def find_language(name: str) -> Language | None:
    """The language that editors, people or endings of files call so."""
    wanted = name.strip().lower().removeprefix(".")
    return find({"c#": "csharp"}.get(wanted, wanted), f"file.{wanted}" if wanted.isalnum() else "")


def piped(config: Config) -> str:
    """All of standard input. Raises ``DocumentError``."""
    limit_bytes = config.max_document_mb * 2**20
    try:
        raw = typer.get_binary_stream("stdin").read(limit_bytes + 1)
    except (OSError, RuntimeError) as error:
        raise DocumentError("Standard input cannot be read.", "Is it closed?") from error
    if len(raw) > limit_bytes:
        raise DocumentTooLarge(
            f"Standard input has more than {config.max_document_mb} MB.", "Raise max_document_mb to change it."
        )
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise NotText(f"Standard input is not UTF-8 text (byte {error.start}).", "Convert it to UTF-8.") from error


def _checked(source: Source) -> Source:
    if not source.text.strip():
        raise ActionRefused(f"There is no code in {source.name}.")
    if "\0" in source.text:
        raise NotText(f"There is binary data in {source.name}, not text.", "Choose a file with source code.")
    return source


def _counted(num_lines: int) -> str:
    return "1 line" if num_lines == 1 else f"{num_lines} lines"
