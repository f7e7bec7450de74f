"""Holes cut into real source files, with what stood there: for tuning prompts, filters and thresholds."""

from __future__ import annotations

import io
import random
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from fimble.bench.corpus import SourceFile
from fimble.errors import ConfigError
from fimble.text import Cursor, Snapshot

Kind = Literal["line", "column1", "rest", "newline", "block"]
"""What was cut out, and where the cursor stands:

- ``line``: a whole line; its indentation is typed already;
- ``column1``: a whole line; the cursor is at its first column;
- ``rest``: the end of a line, of which 20 to 60 % is typed;
- ``newline``: a line with its line break; the cursor is at the end of the line before;
- ``block``: the body of a block; the cursor is behind the first line's indentation.
"""
MIN_CHARACTERS = 6
"""Of a line, white space apart; a lone bracket says nothing."""
BLOCK_LINES = (2, 12)
MAX_TRIES = 200
"""For one span, before the corpus is called unfit."""


@dataclass(frozen=True, slots=True)
class Span:
    """One hole: ``prefix + expected + suffix`` is the file."""

    path: str
    language: str
    prefix: str
    suffix: str
    """Begins with the line break that follows what was cut."""
    expected: str
    kind: Kind

    @property
    def cursor(self) -> Cursor:
        snapshot = Snapshot(f"file:///{self.path}", self.language, 1, self.prefix + self.suffix)
        return Cursor(snapshot, len(self.prefix))


def spans(corpus: Sequence[SourceFile], num: int, seed: int, kind: Kind) -> list[Span]:
    """``num`` different holes of one kind; equal arguments give equal holes. Raises ``ConfigError``.

    Files are drawn evenly, not by length. Comments and lines inside strings of several lines are
    left alone, where the language is Python.
    """
    if kind not in get_args(Kind):
        raise ConfigError(f"There is no kind of span {kind!r}.", f"The kinds are {', '.join(get_args(Kind))}.")
    draw = random.Random(f"{seed}/{kind}")
    found: dict[tuple[str, int], Span] = {}
    code_lines: dict[str, list[int]] = {}
    for _ in range(num * MAX_TRIES):
        if len(found) == num:
            break
        file = draw.choice(corpus)
        if file.path not in code_lines:
            code_lines[file.path] = _code_lines(file)
        if not code_lines[file.path]:
            continue
        number, share = draw.choice(code_lines[file.path]), draw.uniform(0.2, 0.6)
        lines = file.text.split("\n")
        place = _place(lines, number, kind, share)
        if place is None:
            continue
        start, end = place
        span = Span(file.path, file.language, file.text[:start], file.text[end:], file.text[start:end], kind)
        found.setdefault((file.path, start), span)
    if len(found) < num:
        raise ConfigError(f"The corpus has room for {len(found)} spans of kind {kind}, not for {num}.")
    return list(found.values())


def _place(lines: list[str], number: int, kind: Kind, share: float) -> tuple[int, int] | None:
    """Start and end of the hole in code points, or None where line ``number`` does not suit ``kind``."""
    start = sum(len(line) + 1 for line in lines[:number])
    line = lines[number]
    end = start + len(line.rstrip())
    indent = len(line) - len(line.lstrip())
    if kind == "column1":
        return start, end
    if kind == "line":
        return start + indent, end
    if kind == "newline":
        return (start - 1, end) if number and lines[number - 1].strip() else None
    if kind == "rest":
        cut = start + indent + max(1, round(share * (end - start - indent)))
        return (cut, end) if end - cut >= MIN_CHARACTERS // 2 else None
    last = _block_end(lines, number)
    low, high = BLOCK_LINES
    if number == 0 or not low <= last - number + 1 <= high:
        return None
    return start + indent, sum(len(line) + 1 for line in lines[:last]) + len(lines[last].rstrip())


def _block_end(lines: list[str], number: int) -> int:
    """The last line of the block whose body begins at ``number``; the line before ``number`` where none does."""
    depth = _indent(lines[number])
    if not depth > _indent(lines[number - 1]) or not lines[number - 1].rstrip().endswith((":", "{")):
        return number - 1
    last = number
    for later in range(number, len(lines)):
        if lines[later].strip():
            if _indent(lines[later]) < depth:
                break
            last = later
    return last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _code_lines(file: SourceFile) -> list[int]:
    """Numbers, from 0, of lines with enough on them to be worth completing, five lines into the file."""
    inside = _inside_strings(file.text) if file.language == "python" else set()
    return [
        number
        for number, line in enumerate(file.text.split("\n"))
        if number >= 5
        and number not in inside
        and len(line.strip()) >= MIN_CHARACTERS
        and not line.lstrip().startswith(("#", "//", "/*", "*", '"""', "'''"))
    ]


def _inside_strings(text: str) -> set[int]:
    """Lines, from 0, that a Python string of several lines covers; empty where the text cannot be read."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return set()
    return {
        number - 1
        for token in tokens
        if token.type == tokenize.STRING and token.end[0] > token.start[0]
        for number in range(token.start[0], token.end[0] + 1)
    }
