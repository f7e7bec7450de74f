"""Texts for people, and texts of no known language: cut at headings, else at empty lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from fimble.index.records import Chunk, Kind

MAX_LINES = 60
"""What is no definition is cut into pieces of at most so many lines."""
MAX_TEXT_CHARS = 32_000
"""No chunk's text is longer."""
MAX_TITLE_CHARS = 200
_PROSE = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".org", ".tex", ""})
_MARKDOWN = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_ASCIIDOC = re.compile(r"(={1,6})[ \t]+(\S.*)$")
_ORG = re.compile(r"(\*{1,6})[ \t]+(\S.*)$")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}[ \t]*$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_SEPARATOR = " > "


def is_prose(path: str) -> bool:
    """Whether a file is written for people, by its name."""
    name = PurePosixPath(path)
    return name.suffix.lower() in _PROSE - {""} or (not name.suffix and name.name.isupper())


def sections(path: str, lines: Sequence[str]) -> list[Chunk]:
    """A chunk for what stands under each heading, longer ones cut at empty lines."""
    chunks: list[Chunk] = []
    titles: list[tuple[int, str, int | None]] = []
    heads = [*_headings(path, lines)]
    stem = PurePosixPath(path).stem[:MAX_TITLE_CHARS]
    starts = [(0, 0, "", 0), *heads, (len(lines), 0, "", 0)]
    for (start, level, title, num_title_lines), (end, *_) in pairwise(starts):
        if level:
            while titles and titles[-1][0] >= level:
                titles.pop()
        parent = titles[-1][2] if titles else None
        path_of_titles = [one[1] for one in titles] + ([title] if level else [])
        first = len(chunks)
        if any(line.strip() for line in lines[start + num_title_lines : end]):
            for piece_start, piece_end in pieces(lines, start, end):
                chunks.append(
                    Chunk(
                        title or stem, _SEPARATOR.join(path_of_titles) or stem, Kind.SECTION, piece_start, piece_end,
                        title or stem, "", whole_lines(lines, piece_start, piece_end), parent,
                    )
                )  # fmt: skip
        if level:
            titles.append((level, title, first if len(chunks) > first else parent))
    return chunks


def line_chunks(path: str, lines: Sequence[str]) -> list[Chunk]:
    """Pieces of a text that nothing is known of."""
    stem = PurePosixPath(path).stem[:MAX_TITLE_CHARS]
    return [
        Chunk(stem, stem, Kind.LINES, start, end, title(lines[start:end]), "", whole_lines(lines, start, end))
        for start, end in pieces(lines, 0, len(lines))
    ]


def title(lines: Sequence[str]) -> str:
    """The first line that says something."""
    return next((" ".join(line[:1000].split()) for line in lines if line.strip()), "")[:MAX_TITLE_CHARS]


def whole_lines(lines: Sequence[str], start: int, end: int) -> str:
    """As they stand in the file, but no more than ``MAX_TEXT_CHARS``."""
    return "\n".join(lines[start:end])[:MAX_TEXT_CHARS]


def pieces(lines: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """``lines[start:end]`` cut at empty lines into at most ``MAX_LINES``, or in the midst where there are none."""
    piece_start = piece_end = -1
    for first, last in _paragraphs(lines, start, end):
        if piece_start >= 0 and last - piece_start > MAX_LINES:
            yield piece_start, piece_end
            piece_start = -1
        if piece_start < 0:
            piece_start = first
        while last - piece_start > MAX_LINES:
            yield piece_start, piece_start + MAX_LINES
            piece_start += MAX_LINES
        piece_end = last
    if 0 <= piece_start < piece_end:
        yield piece_start, piece_end


def _paragraphs(lines: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    first = -1
    for number in range(start, end):
        is_empty = not lines[number] or lines[number].isspace()
        if is_empty and first >= 0:
            yield first, number
            first = -1
        elif not is_empty and first < 0:
            first = number
    if first >= 0:
        yield first, end


def _headings(path: str, lines: Sequence[str]) -> Iterator[tuple[int, int, str, int]]:
    """Row, level, title and number of rows of each heading."""
    suffix = PurePosixPath(path).suffix.lower()
    marked = {".adoc": _ASCIIDOC, ".org": _ORG}.get(suffix, _MARKDOWN)
    is_rest = suffix in (".rst", ".txt", "")
    levels: dict[str, int] = {}
    fence = ""
    for number, whole in enumerate(lines):
        line = whole[:1000]
        if (opened := _FENCE.match(line)) is not None and not is_rest:
            mark = opened[1]
            if not fence:
                fence = mark
            elif mark.startswith(fence):
                fence = ""
            continue
        if fence or not line.strip():
            continue
        if not is_rest:
            found = marked.match(line)
            if found is not None:
                yield number, len(found[1]), found[2][:MAX_TITLE_CHARS], 1
                continue
        below = lines[number + 1][:1000] if number + 1 < len(lines) else ""
        is_under = (underline := _UNDERLINE.match(below)) is not None and not _UNDERLINE.match(line)
        if underline is None or not is_under or (number and lines[number - 1].strip() and not is_rest):
            continue
        mark = underline[1]
        if is_rest and len(below.rstrip()) >= min(len(line.rstrip()), 4) and line[0] not in " \t":
            level = levels.setdefault(mark, len(levels) + 1)
            has_line_above = number > 0 and lines[number - 1][:1000].rstrip() == below.rstrip()
            yield number - has_line_above, level, line.strip()[:MAX_TITLE_CHARS], 2 + has_line_above
        elif mark in "=-" and not line.startswith((" " * 4, "-", ">", "|")):
            yield number, 1 if mark == "=" else 2, line.strip()[:MAX_TITLE_CHARS], 2
