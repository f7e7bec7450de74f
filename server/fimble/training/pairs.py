"""Language and code side by side: a comment and what follows it, a docstring and its body, code and its docstring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from fimble.index.signatures import comment_text
from fimble.syntax import kinds
from fimble.syntax.parsed import Parsed
from fimble.training.notices import notice_lines
from fimble.training.records import Kind
from fimble.training.spans import MAX_CHARS, MAX_LINES, Hole, is_block, nodes_of

if TYPE_CHECKING:
    import tree_sitter

MAX_DOCSTRING_CHARS = 1200
MIN_WORDS, MIN_HAN = 3, 4
_HAN = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"[A-Za-z]{2,}")
_MARKERS = re.compile(
    r"\s*(?:noqa|type:|pylint|pyright|mypy|eslint|prettier|fmt:|isort|pragma|coverage|todo|fixme|xxx|hack|region|"
    r"endregion|nolint|go:|@ts-|clang-|sourceMappingURL|-\*-|vim:|!|SPDX|copyright)",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^\s*(?:import\s|from\s+\S+\s+import|def\s|class\s+\w+[(:{]|return\b.*[;()]|if\s.*[:{]$|for\s.*[:{]$|print\(|"
    r"(?:var|let|const)\s|@\w+|[}\])>]|\w[\w.\[\]\"']*\s*[-+*/|&]?=[^=]|[\w.]+\(.*\)\s*;?$|.*;$|>>>|\$\s|self\.)"
)
"""A line of a comment that is code somebody switched off."""
_QUOTES = re.compile(r"[A-Za-z]{0,2}(\"{3}|'{3}|\"|')")


@dataclass(frozen=True, slots=True)
class Pair:
    """A hole, and which side of the pair it is."""

    kind: Kind
    hole: Hole


def pairs(parsed: Parsed, draw: Random) -> list[Pair]:
    """All of a file, in the order of the text."""
    found = [*_of_comments(parsed)]
    if parsed.language.name == "python":
        found += _of_docstrings(parsed, draw)
    kept = {(pair.hole.start, pair.hole.end): pair for pair in found if _is_fit(parsed, pair)}
    return sorted(kept.values(), key=lambda pair: pair.hole.start)


def says_something(comment: str) -> bool:
    """Whether a comment, without its marks, is a sentence about code and not code, a marker or a heading."""
    if _MARKERS.match(comment) or any(_CODE.match(line) for line in comment.split("\n")):
        return False
    bare = "".join(comment.split())
    num_han = len(_HAN.findall(comment))
    if sum(map(str.isalpha, bare)) < 0.6 * len(bare):
        return False
    return num_han >= MIN_HAN or len(_ENGLISH.findall(comment)) >= MIN_WORDS


def _of_docstrings(parsed: Parsed, draw: Random) -> Iterator[Pair]:
    """Python's."""
    data = parsed.data
    for node in nodes_of(parsed):
        if node.type not in ("function_definition", "class_definition") or node.has_error:
            continue
        body = kinds.body_of(node)
        told = kinds.docstring_of(body)
        if body is None or told is None or b"\n" not in data[node.start_byte : told.start_byte]:
            continue
        written = data[told.start_byte : told.end_byte].decode("utf-8", "replace")
        opened = _QUOTES.match(written)
        if opened is None or not says_something(_first_paragraph(written[opened.end() : -len(opened[1])])):
            continue
        inner = told.start_byte + len(opened[0]), told.end_byte - len(opened[1])
        statements = [child for child in body.named_children if child.start_byte >= told.end_byte]
        if statements or node.type == "class_definition":
            # an editor that closes quotes by itself asks for what stands between them
            start, end = inner if draw.random() < 0.5 else (told.start_byte, told.end_byte)
            yield _pair(Kind.CODE_TO_DOCSTRING, parsed, start, end, "docstring")
        if node.type == "function_definition" and (taken := _fitting(parsed, statements)):
            yield _pair(Kind.COMMENT_TO_CODE, parsed, taken[0].start_byte, taken[-1].end_byte, body.type)


def _of_comments(parsed: Parsed) -> Iterator[Pair]:
    data = parsed.data
    head = notice_lines(parsed.text)
    for run in _runs(parsed):
        row = run[0].start_point[0]
        written = data[run[0].start_byte : run[-1].end_byte].decode("utf-8", "replace").rstrip()
        if row < max(head, 1) or not says_something(_first_paragraph(comment_text(written))):
            continue
        following = run[-1].next_named_sibling
        if following is None or _row_after(run[-1]) != following.start_point[0] or following.has_error:
            continue
        owner = _defined(following)
        if owner is None:
            if taken := _fitting(parsed, [*_paragraph(parsed, following)]):
                yield _pair(Kind.COMMENT_TO_CODE, parsed, taken[0].start_byte, taken[-1].end_byte, taken[0].type)
            continue
        if parsed.language.name == "python":
            continue  # says why, rather than what
        end = run[0].start_byte + len(written.encode("utf-8", "surrogatepass"))
        yield _pair(Kind.CODE_TO_DOCSTRING, parsed, run[0].start_byte, end, run[0].type)
        body = kinds.body_of(owner)
        inside = kinds.inside_of(owner, body)
        statements = [] if body is None or inside is None else [
            child for child in body.named_children if inside[0] <= child.start_byte and child.end_byte <= inside[1]
        ]  # fmt: skip
        if following.type in kinds.CLASSES or owner.type in kinds.CLASSES:
            continue
        if body is not None and (taken := _fitting(parsed, statements)):
            yield _pair(Kind.COMMENT_TO_CODE, parsed, taken[0].start_byte, taken[-1].end_byte, body.type)


def _runs(parsed: Parsed) -> Iterator[list[tree_sitter.Node]]:
    """Comments that stand on lines of their own, those in rows that follow each other together."""
    run: list[tree_sitter.Node] = []
    for node in nodes_of(parsed):
        if node.type not in parsed.language.comments:
            continue
        line = parsed.data.rfind(b"\n", 0, node.start_byte) + 1
        if parsed.data[line : node.start_byte].strip():
            continue
        if run and (_row_after(run[-1]) != node.start_point[0] or run[-1].start_point[1] != node.start_point[1]):
            yield run
            run = []
        run.append(node)
    if run:
        yield run


def _row_after(node: tree_sitter.Node) -> int:
    """The row below a comment; some grammars count its line break to it."""
    row, column = node.end_point
    return int(row) + (1 if column else 0)


def _paragraph(parsed: Parsed, first: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """What follows without an empty line or a comment between; of members only the first."""
    holder = first.parent
    is_member = holder is not None and holder.parent is not None and holder.parent.type in kinds.CLASSES
    is_statement = holder is not None and (holder.parent is None or is_block(holder))
    if not is_statement or (is_member and not parsed.language.is_indented):
        yield first
        return
    node: tree_sitter.Node | None = first
    row = first.start_point[0]
    while node is not None and node.type not in parsed.language.comments and node.start_point[0] <= row:
        yield node
        row = node.end_point[0] + 1
        node = node.next_named_sibling


def _fitting(parsed: Parsed, statements: Sequence[tree_sitter.Node]) -> list[tree_sitter.Node]:
    """The first of them, as many as a hole may take; nothing where they do nothing."""
    taken: list[tree_sitter.Node] = []
    for node in statements:
        if not taken and node.type in parsed.language.comments:
            return []
        num_bytes = node.end_byte - statements[0].start_byte
        num_lines = node.end_point[0] - statements[0].start_point[0] + 1
        if num_bytes > MAX_CHARS or num_lines > MAX_LINES or node.has_error:
            break
        taken.append(node)
    while taken and taken[-1].type in parsed.language.comments:
        taken.pop()
    return [] if all(kinds.says_nothing(node, parsed) for node in taken) else taken


def _defined(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The definition that a node is, or wraps."""
    for one in (node, *kinds.decorated_by(node)):
        if (owner := kinds.owner_of(one)) is not None:
            return owner
    return None


def _pair(kind: Kind, parsed: Parsed, start: int, end: int, cut: str) -> Pair:
    piece = parsed.data[start:end]
    return Pair(kind, Hole(parsed.offset_at(start), parsed.offset_at(end - len(piece) + len(piece.rstrip())), cut))


def _is_fit(parsed: Parsed, pair: Pair) -> bool:
    middle = parsed.text[pair.hole.start : pair.hole.end]
    most = MAX_DOCSTRING_CHARS if pair.kind is Kind.CODE_TO_DOCSTRING else MAX_CHARS
    return 8 <= len(middle) <= most and middle.count("\n") < MAX_LINES


def _first_paragraph(text: str) -> str:
    return re.split(r"\n[ \t]*\n", text.strip(), maxsplit=1)[0]
