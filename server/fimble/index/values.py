"""What of a source file stands outside of every definition: constants, settings, what a script does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from fimble.index import prose, signatures
from fimble.index.captures import Captures
from fimble.index.imports import Imports
from fimble.index.records import Chunk, Kind
from fimble.index.spans import Rows, Span
from fimble.syntax import kinds
from fimble.syntax.parsed import Parsed

DATA = frozenset({"json", "yaml", "toml", "css", "html", "sql"})
"""Languages that bind no names by assignments."""
_BINDS = re.compile(
    r"(?:[A-Za-z_][\w<>\[\]*&.,]*[ \t]+)*[*&]?([A-Za-z_$][\w$]*)[ \t]*(?::[^=\n]*)?(?:\[[^\]]*\])?[ \t]*:?=(?![=>])"
)
_KEY = re.compile(r"[ \t]*[-\[{]*[ \t]*[\"']?([\w.$@/#][\w.$@/# -]*)")
_LICENCE = re.compile(r"copyright|licen[sc]e|spdx|all rights reserved|^#!|coding[:=]", re.IGNORECASE)
_WORD = re.compile(r"\w")
_MAX_LINE_CHARS = 300
_NOTHING, _COVERED, _COMMENT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Outside:
    """The rows of a file that no definition covers."""

    kinds: bytearray
    """Of each row: whether a definition or an import covers it, or it is a comment and nothing else."""
    errors: bytearray
    """Of each row: 1 where the syntax is broken."""
    docstring_end: int
    """Python's docstring of the module lies in the rows before this one."""
    docstring: str


def values(
    path: str, parsed: Parsed, captures: Captures, taken: Imports, rows: Rows, spans: Sequence[Span]
) -> list[Chunk]:
    """Chunks of the rows that no chunk of ``spans`` covers; imports, licences and single lines are left out."""
    lines = parsed.text.split("\n")
    outside = _outside(parsed, captures, taken, rows, spans, lines)
    name_of_file = PurePosixPath(path).stem[: prose.MAX_TITLE_CHARS]
    if name_of_file in ("__init__", "index", "mod", "main") and "/" in path:
        name_of_file = PurePosixPath(path).parent.name
    chunks: list[Chunk] = []
    is_first = True
    for gap_start, gap_end in _gaps(outside, lines):
        name = name_of_file
        for start, end in prose.pieces(lines, gap_start, gap_end):
            docstring, is_comment = _said(outside, lines, start, end, is_first)
            code = [row for row in range(start, end) if not outside.kinds[row] and _WORD.search(lines[row])]
            is_first = False
            if (len(code) < 2 and not docstring) or (is_comment and not docstring):
                continue
            bound = _bound(parsed.language.name, [lines[row] for row in code if row >= outside.docstring_end])
            name = name_of_file if docstring else bound[0] if bound else name
            text = prose.whole_lines(lines, start, end)
            signature = ", ".join(bound) or prose.title([lines[row] for row in code] or lines[start:end])
            kind = Kind.LINES if any(outside.errors[start:end]) else Kind.VALUES
            chunks.append(
                Chunk(name, name, kind, start, end, signature[: prose.MAX_TITLE_CHARS], docstring, text)
            )  # fmt: skip
    return chunks


def data_values(path: str, language: str, lines: Sequence[str]) -> list[Chunk]:
    """Pieces of a file of settings or data; each is called by its first key."""
    name = PurePosixPath(path).stem[: prose.MAX_TITLE_CHARS]
    chunks = []
    for start, end in prose.pieces(lines, 0, len(lines)):
        keys = _bound(language, [line for line in lines[start:end] if _WORD.search(line[:_MAX_LINE_CHARS])])
        signature = ", ".join(keys)[: prose.MAX_TITLE_CHARS] or prose.title(lines[start:end])
        text = prose.whole_lines(lines, start, end)
        chunks.append(Chunk(name, name, Kind.VALUES, start, end, signature, "", text))
    return chunks


def _outside(
    parsed: Parsed, captures: Captures, taken: Imports, rows: Rows, spans: Sequence[Span], lines: Sequence[str]
) -> Outside:  # fmt: skip
    marks, errors = bytearray(len(lines)), bytearray(len(lines))
    for node in captures.comments:
        start = node.start_byte
        row = rows.at(start)
        if not lines[row][: start - rows.starts[row]].strip():
            end = rows.end(start, node.end_byte)
            marks[row:end] = bytes([_COMMENT]) * (end - row)
    for node in taken.nodes:
        start, end = rows.at(node.start_byte), rows.end(node.start_byte, node.end_byte)
        marks[start:end] = bytes([_COVERED]) * (end - start)
    for node in captures.errors:
        start, end = rows.at(node.start_byte), rows.end(node.start_byte, node.end_byte)
        errors[start:end] = b"\1" * (end - start)
    covered = 0
    for span in spans:
        if span.is_chunk and span.end_row > covered:
            start = min(span.comment_row, span.start_row)
            marks[start : span.end_row] = bytes([_COVERED]) * (span.end_row - start)
            covered = span.end_row
    found = kinds.docstring_of(parsed.tree.root_node) if parsed.language.name == "python" else None
    if found is None:
        return Outside(marks, errors, 0, "")
    end = rows.end(found.start_byte, found.end_byte)
    return Outside(marks, errors, end, signatures.python_string(found, parsed.data))


def _gaps(outside: Outside, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of rows that nothing covers; what is no licence at the beginning of the file comes with it."""
    start = -1
    for row, kind in enumerate([*outside.kinds, _COVERED]):
        if kind == _COVERED and start >= 0:
            if start == 0:
                start = _behind_licence(outside, lines, row)
            yield start, row
            start = -1
        elif kind != _COVERED and start < 0:
            start = row


def _behind_licence(outside: Outside, lines: Sequence[str], end: int) -> int:
    """The first row behind comments at the beginning that say who owns the file or how it is run."""
    start = row = 0
    while row < end:
        while row < end and outside.kinds[row] == _COMMENT:
            row += 1
        if row > start and not any(_LICENCE.search(line[:_MAX_LINE_CHARS]) for line in lines[start:row]):
            return start
        while row < end and not lines[row].strip():
            row += 1
        if row < end and outside.kinds[row] != _COMMENT:
            return row
        start = row
    return end


def _said(outside: Outside, lines: Sequence[str], start: int, end: int, is_first: bool) -> tuple[str, bool]:
    """What the rows say of the whole file, and whether they are comments only."""
    is_comment = all(outside.kinds[row] == _COMMENT or not lines[row].strip() for row in range(start, end))
    if start < outside.docstring_end:
        return outside.docstring, False
    if is_first and is_comment and start < 100:
        return signatures.comment_text("\n".join(lines[start:end])), True
    return "", is_comment


def _bound(language: str, lines: Sequence[str]) -> list[str]:
    """Names that the outermost of ``lines`` give a value, or keys in a language of data."""
    pattern = _KEY if language in DATA else _BINDS
    found: dict[str, None] = {}
    depth = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    for line in lines:
        own = line[depth : depth + _MAX_LINE_CHARS]
        if own[:1].isspace() and not (language == "go" and own[0] == "\t" and not own[1:2].isspace()):
            continue
        named = pattern.match(own.lstrip())
        if named is not None:
            found[named[1].strip()] = None
    return list(found)
