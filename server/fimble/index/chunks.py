"""A file cut into the pieces that can be found by themselves: definitions, and what stands between them.

Pure, and never raises: a text that cannot be read as its language is cut at its empty lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fimble.index import imports, prose, references, signatures
from fimble.index.captures import capture
from fimble.index.records import Chunk, FileContent, Import, Kind
from fimble.index.spans import Rows, Span, spans
from fimble.index.values import DATA, data_values, values
from fimble.syntax.languages import Language
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import parse

BUDGET_MS = 2000
"""For the syntax tree of one file."""


def cut(path: str, language: Language | None, text: str) -> FileContent:
    """The file at ``path`` (relative, with ``/``) that says ``text``."""
    lines = text.split("\n")
    num_lines = len(lines) - (not lines[-1])
    name = language.name if language else ""
    is_code = language is not None and name not in DATA and "\0" not in text
    code = _code(path, language, text, lines) if language and is_code else None
    if code is not None:
        return FileContent(path, name, num_lines, *code)
    if name in DATA:
        chunks = data_values(path, name, lines)
    elif language is None and prose.is_prose(path):
        chunks = prose.sections(path, lines)
    else:
        chunks = prose.line_chunks(path, lines)
    return FileContent(path, name, num_lines, tuple(chunks))


def _code(
    path: str, language: Language, text: str, lines: Sequence[str]
) -> tuple[tuple[Chunk, ...], tuple[Import, ...]] | None:
    """``None`` where there is no tree in time; some grammars forget the time over NUL characters."""
    parsed = parse(language, text, encode(text), BUDGET_MS)
    if parsed is None:
        return None
    captures, rows = capture(parsed), Rows(parsed.data)
    found = spans(parsed, captures, rows)
    taken = imports.imports(parsed, captures)
    outside = values(path, parsed, captures, taken, rows, found)
    order = sorted(
        [(span.start_row, number) for number, span in enumerate(found) if span.is_chunk]
        + [(chunk.start_line, -1 - number) for number, chunk in enumerate(outside)]
    )
    positions = {number: position for position, (_, number) in enumerate(order)}
    defined = _definitions(found, positions, parsed.data, lines, language.name == "python")
    chunks = [defined[number] if number >= 0 else outside[-1 - number] for _, number in order]
    places = [
        references.Place(rows.starts[chunk.start_line], rows.starts[chunk.end_line], position, False)
        if number < 0
        else references.Place(found[number].start, found[number].node.end_byte, position, not found[number].is_class)
        for position, ((_, number), chunk) in enumerate(zip(order, chunks, strict=True))
    ]
    used = references.references(parsed, captures, places, [span.name_start for span in found], taken)
    whole = (replace(chunk, references=used[position]) for position, chunk in enumerate(chunks))
    return tuple(whole), taken.imports


def _definitions(
    found: Sequence[Span], positions: dict[int, int], data: bytes, lines: Sequence[str], is_python: bool
) -> dict[int, Chunk]:
    """The chunks of ``found``, by their numbers."""
    chunks: dict[int, Chunk] = {}
    qualified: list[str] = []
    inner: dict[int, list[Span]] = {}
    for span in found:
        if span.parent is not None:
            inner.setdefault(span.parent, []).append(span)
    classes = {span.name: positions[number] for number, span in enumerate(found) if span.is_class and span.is_chunk}
    for number, span in enumerate(found):
        outer = [qualified[span.parent]] if span.parent is not None else []
        qualified.append(".".join([*outer, *([span.scope] if span.scope else []), span.name])[:1000])
        if not span.is_chunk:
            continue
        around = span.parent
        while around is not None and not found[around].is_chunk:
            around = found[around].parent
        parent = positions[around] if around is not None else classes.get(span.scope.rpartition(".")[2])
        is_member = bool(span.scope) or (span.parent is not None and found[span.parent].is_class)
        kind = Kind.CLASS if span.is_class else Kind.METHOD if is_member else Kind.FUNCTION
        chunks[number] = Chunk(
            span.name, qualified[-1], kind, span.start_row, span.end_row, signatures.signature(span, data),
            signatures.docstring(span, data, is_python), _text(span, inner.get(number, ()), lines),
            None if parent == positions[number] else parent,
        )  # fmt: skip
    return chunks


def _text(span: Span, inner: Sequence[Span], lines: Sequence[str]) -> str:
    """The lines of ``span``; of a class without what its members do and without the comments above them."""
    if not span.is_class or not inner:
        return prose.whole_lines(lines, span.start_row, span.end_row)
    kept: list[str] = []
    row = span.start_row
    for member in inner:
        if member.start_row <= span.start_row:
            continue
        kept += lines[row : max(row, min(member.comment_row, member.start_row))]
        kept += lines[max(row, member.start_row) : min(member.head_end_row, member.end_row)]
        row = max(row, member.end_row)
    kept += lines[row : span.end_row]
    shown = [line for number, line in enumerate(kept) if line.strip() or (number and kept[number - 1].strip())]
    return "\n".join(shown)[: prose.MAX_TEXT_CHARS]
