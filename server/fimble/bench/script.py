"""What is typed, and when: a seeded list of keystrokes through real source files.

Stretches are cut out of the files before anything is opened, and typed again one after
another. So nothing that is still to be typed can be seen anywhere, in no window, no open
file and no edit of the past. The list is fixed beforehand: every side types the same.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from fimble.bench.corpus import SourceFile
from fimble.errors import ConfigError

MEAN_PAUSE_MS = 200.0
PAUSE_SIGMA = 0.5
"""Of the log-normal distribution of pauses."""
MEAN_JUMP_PAUSE_MS = 1000.0
"""Before a jump: the file is open on the screen, and a person looks for the place."""
MAX_LINES = 4
SAME_FILE_SHARE = 0.4
"""Jumps that stay in the file."""
MID_LINE_SHARE = 0.1
"""Stretches that end within a line, so that text stands right of the cursor."""
PART_LINE_SHARE = 0.3
"""Stretches that begin within a line; the others begin with a line break."""
TYPO_SHARE = 0.03
ACCEPT_SHARE = 0.02
"""Of keystrokes within a line."""
MIN_ACCEPTED = 4
"""Characters; nobody reaches for the accept key for less."""
MAX_TRIES = 1000


class Kind(Enum):
    """What a keystroke does."""

    CHARACTER = "character"
    NEWLINE = "newline"
    """A line break and the next line's indentation, which an editor types by itself."""
    BACKSPACE = "backspace"
    JUMP = "jump"
    """The cursor goes to another place; nothing changes."""
    ACCEPT = "accept"
    """The rest of the true line at once, as if a right suggestion had been taken."""


@dataclass(frozen=True, slots=True)
class Step:
    """One keystroke: ``text`` replaces ``start`` to ``end`` (code points) of the file, the cursor goes behind it."""

    kind: Kind
    pause_ms: float
    """Since the key before."""
    path: str
    start: int
    end: int
    text: str
    truth: str
    """All that is still to be typed here, from the cursor on; nothing where the last character is wrong."""

    @property
    def cursor(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Script:
    """The files as they are first opened, and the keystrokes."""

    files: tuple[SourceFile, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    kind: Kind
    pause_ms: float
    num_before: int
    """Characters of the stretch that stand before the key is pressed."""
    num_deleted: int
    text: str
    truth: str


@dataclass(frozen=True, slots=True)
class _Visit:
    file: SourceFile
    start: int
    end: int
    keys: tuple[_Key, ...]


def write(corpus: Sequence[SourceFile], num_keystrokes: int, seed: int) -> Script:
    """``num_keystrokes`` steps; equal arguments give equal ones. Raises ``ConfigError`` where the corpus is small."""
    draw = random.Random(seed)
    visits: list[_Visit] = []
    num_left = num_keystrokes
    while num_left > 0:
        file, start, end = _place(corpus, visits, draw)
        keys = tuple(_keys(file.text[start:end], draw))[:num_left]
        visits.append(_Visit(file, start, end, keys))
        num_left -= len(keys)
    return Script(_cut(visits), tuple(_steps(visits)))


def _place(corpus: Sequence[SourceFile], visits: Sequence[_Visit], draw: random.Random) -> tuple[SourceFile, int, int]:
    for _ in range(MAX_TRIES):
        stays = bool(visits) and draw.random() < SAME_FILE_SHARE
        file = visits[-1].file if stays else draw.choice(corpus)
        start, end = _stretch(file.text, draw)
        taken = [visit for visit in visits if visit.file.path == file.path]
        if len(file.text[start:end].strip()) >= MIN_ACCEPTED and all(
            end < visit.start or visit.end < start for visit in taken
        ):
            return file, start, end
    raise ConfigError("The corpus is too small for so many keystrokes.", "Name a larger folder, or ask for fewer.")


def _stretch(text: str, draw: random.Random) -> tuple[int, int]:
    """Start and end of something to cut out; perhaps blank."""
    lines = text.split("\n")
    first = draw.randrange(1, len(lines) - 1)
    last = min(first + draw.randrange(MAX_LINES), len(lines) - 2)
    is_mid_line, is_part = draw.random() < MID_LINE_SHARE, draw.random() < PART_LINE_SHARE
    begin_share, end_share = draw.uniform(0.2, 0.6), draw.uniform(0.7, 0.95)
    start = sum(len(line) + 1 for line in lines[:first])
    if is_mid_line or is_part:
        line = lines[first]
        indent = len(line) - len(line.lstrip())
        begin = start + indent + round(begin_share * (len(line) - indent))
        if is_mid_line:
            return begin, start + round(end_share * len(line))
        return begin, sum(len(line) + 1 for line in lines[: last + 1]) - 1
    return start - 1, sum(len(line) + 1 for line in lines[: last + 1]) - 1


def _keys(stretch: str, draw: random.Random) -> Iterator[_Key]:
    """The jump to a stretch, and what types it."""

    def pause_ms(mean_ms: float = MEAN_PAUSE_MS) -> float:
        return round(draw.lognormvariate(math.log(mean_ms) - PAUSE_SIGMA**2 / 2, PAUSE_SIGMA), 1)

    yield _Key(Kind.JUMP, pause_ms(MEAN_JUMP_PAUSE_MS), 0, 0, "", stretch)
    done = 0
    while done < len(stretch):
        rest = stretch[done:].partition("\n")[0]
        if not rest:
            after = stretch[done + 1 :]
            indent = len(after) - len(after.lstrip(" \t"))
            text = stretch[done : done + 1 + indent]
            kind = Kind.NEWLINE
        elif draw.random() < TYPO_SHARE:
            wrong = draw.choice([letter for letter in "etaoinsr" if letter != stretch[done]])
            yield _Key(Kind.CHARACTER, pause_ms(), done, 0, wrong, "")
            yield _Key(Kind.BACKSPACE, pause_ms(), done + 1, 1, "", stretch[done:])
            continue
        elif len(rest) >= MIN_ACCEPTED and draw.random() < ACCEPT_SHARE:
            kind, text = Kind.ACCEPT, rest
        else:
            kind, text = Kind.CHARACTER, stretch[done]
        yield _Key(kind, pause_ms(), done, 0, text, stretch[done + len(text) :])
        done += len(text)


def _cut(visits: Sequence[_Visit]) -> tuple[SourceFile, ...]:
    """Each file without any of its stretches."""
    texts = {visit.file.path: visit.file for visit in visits}
    for visit in sorted(visits, key=lambda visit: -visit.start):
        file = texts[visit.file.path]
        texts[file.path] = SourceFile(file.path, file.language, file.text[: visit.start] + file.text[visit.end :])
    return tuple(texts.values())


def _steps(visits: Sequence[_Visit]) -> Iterator[Step]:
    for number, visit in enumerate(visits):
        missing = [v for v in visits[number + 1 :] if v.file.path == visit.file.path and v.start < visit.start]
        base = visit.start - sum(v.end - v.start for v in missing)
        for key in visit.keys:
            end = base + key.num_before
            yield Step(key.kind, key.pause_ms, visit.file.path, end - key.num_deleted, end, key.text, key.truth)
