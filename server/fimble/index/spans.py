"""Where the definitions of a file are: in bytes and in rows, with what stands around them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fimble.index.captures import MORE_CLASSES, MORE_FUNCTIONS, Captures
from fimble.syntax import kinds
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

_MAX_DEPTH = 8
_MIN_INNER_ROWS = 3
"""A function within a function is a chunk of its own from here on."""
_MAX_NAME_CHARS = 200
_WORDS_BEFORE = re.compile(rb"[\w\s]*\Z")
_TEMPLATE = re.compile(r"<[^<>]*>")
_NAME = re.compile(r"\w")
_DATA_PAIRS = frozenset({"pair", "assignment_expression"})


class Rows:
    """Bytes to rows. Rows end with a line feed, as for tree-sitter."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.starts = [0, *(found.end() for found in re.finditer(b"\n", data)), len(data) + 1]
        """One more than there are rows."""

    def at(self, byte: int) -> int:
        """The row that ``byte`` is in."""
        return bisect_right(self.starts, byte) - 1

    def end(self, start: int, end: int) -> int:
        """The first row that has nothing of the bytes ``start`` to ``end``, white space at their end left aside."""
        while end > start and self.data[end - 1] in b" \t\r\n\f\v":
            end -= 1
        return self.at(max(end - 1, start)) + 1


@dataclass(slots=True)
class Span:
    """One definition; ``parent`` is a position in the list of spans."""

    node: tree_sitter.Node
    is_class: bool
    name: str
    scope: str
    """What the definition itself says that it is a member of: ``S`` for Go's ``func (s *S) f()``."""
    name_start: int
    """Byte at which the name begins, without its scope."""
    start: int
    """Byte; decorators included."""
    head: int
    """Byte at which it begins to say what it is."""
    head_end: int
    """Byte at which its body begins; Python's colon is before it."""
    body: tree_sitter.Node | None
    start_row: int
    head_end_row: int
    """The first row that is not part of its head."""
    end_row: int
    comments: tuple[tuple[int, int], ...] = ()
    """Bytes of the comments right above it."""
    comment_row: int = 0
    parent: int | None = None
    depth: int = 0
    is_chunk: bool = True


def spans(parsed: Parsed, captures: Captures, rows: Rows) -> list[Span]:
    """All definitions that have a name, an outer one before those inside it."""
    data = parsed.data
    behind = {end: start for start, end in (_trimmed(node, data) for node in captures.decorators)}
    comments = {end: start for start, end in (_trimmed(node, data) for node in captures.comments)}
    found: list[Span] = []
    open_spans: list[int] = []
    taken_row = -1
    root = parsed.tree.root_node.id
    for node in sorted(captures.definitions, key=lambda one: (one.start_byte, -one.end_byte)):
        if node.id == root:
            continue
        span = _span(parsed, node, rows, behind, comments)
        if span is None:
            continue
        while open_spans and found[open_spans[-1]].node.end_byte <= node.start_byte:
            open_spans.pop()
        if open_spans:
            span.parent, span.depth = open_spans[-1], found[open_spans[-1]].depth + 1
        span.is_chunk = span.start_row > taken_row and _is_worth_it(span, [found[one] for one in open_spans])
        if span.is_chunk:
            taken_row = span.start_row
        open_spans.append(len(found))
        found.append(span)
    return found


def _is_worth_it(span: Span, around: list[Span]) -> bool:
    if span.depth > _MAX_DEPTH:
        return False
    num_rows = span.end_row - span.start_row
    if any(not one.is_class for one in around) or span.node.type in _DATA_PAIRS:
        return num_rows >= _MIN_INNER_ROWS
    return not (around and span.body is None)


def _span(
    parsed: Parsed, node: tree_sitter.Node, rows: Rows, decorators: dict[int, int], comments: dict[int, int]
) -> Span | None:
    data = parsed.data
    is_more = node.type in MORE_CLASSES or node.type in MORE_FUNCTIONS
    owner = node if is_more else kinds.owner_of(node)
    if owner is None:
        return None
    named = kinds.name_node_of(node)
    name, scope = _names(data[named.start_byte : named.end_byte], node, data) if named is not None else ("", "")
    if named is None or not name:
        return None
    is_class = node.type in MORE_CLASSES or (node.type in kinds.CLASSES and node.type not in MORE_FUNCTIONS)
    body = _body(owner, is_more)
    if body is None and node.type in ("enum_specifier", "union_specifier"):
        return None
    start = head = _line_of(data, node.start_byte)
    while (above := decorators.get(_code_before(data, start))) is not None:
        start = _line_of(data, above)
    found: list[tuple[int, int]] = []
    first = start
    while len(found) < 100:
        end = _code_before(data, first)
        above = comments.get(end)
        if above is None or data.count(b"\n", end, first) > 1 or not _is_first(data, above):
            break
        found.append((above, end))
        first = above
    head_end = body.start_byte if body is not None else node.end_byte
    if parsed.language.name == "python" and (inside := kinds.inside_of(owner, body)) is not None:
        head_end = inside[0]
    head_end_row = rows.end(head, head_end)
    return Span(
        node, is_class, name, scope, max(named.start_byte, named.end_byte - len(encode(name))), start, head, head_end,
        body, rows.at(start), head_end_row, rows.end(head, node.end_byte), tuple(reversed(found)), rows.at(first),
    )  # fmt: skip


def _body(owner: tree_sitter.Node, is_more: bool) -> tree_sitter.Node | None:
    body = kinds.body_of(owner)
    if body is None and is_more:
        declared = owner.child_by_field_name("type") or owner.child_by_field_name("value")
        body = None if declared is None else kinds.body_of(declared) or next(
            (part for part in declared.children if part.type.endswith("_list") or part.type == "{"), None
        )  # fmt: skip
    return body


def _names(name_bytes: bytes, node: tree_sitter.Node, data: bytes) -> tuple[str, str]:
    """The last part of a name, and the parts before it with dots."""
    written = name_bytes[: 4 * _MAX_NAME_CHARS].decode("utf-8", "replace")
    written = _TEMPLATE.sub("", written) if "<" in written and "operator" not in written else written
    parts = re.split(r"::|[.:\\]", "".join(written.split()).strip("\"'`"))
    name, scope = parts[-1], ".".join(part for part in parts[:-1] if part)
    receiver = node.child_by_field_name("receiver")
    if receiver is not None:
        inner = re.findall(rb"\w+", data[receiver.start_byte : receiver.end_byte].split(b"[")[0])
        scope = inner[-1].decode("utf-8", "replace") if inner else scope
    if len(name) > _MAX_NAME_CHARS or not _NAME.search(name + "x" * name.startswith("operator")):
        return "", ""
    return name, scope[:_MAX_NAME_CHARS]


def _trimmed(node: tree_sitter.Node, data: bytes) -> tuple[int, int]:
    start, end = node.start_byte, node.end_byte
    while end > start and data[end - 1] in b" \t\r\n":
        end -= 1
    return start, end


def _code_before(data: bytes, byte: int) -> int:
    """Where the white space before ``byte`` begins; looks back no further than a hundred bytes."""
    before = data[max(0, byte - 100) : byte]
    return byte - len(before) + len(before.rstrip())


def _line_of(data: bytes, byte: int) -> int:
    """Where the line of ``byte`` begins, its indentation aside, if there are but words before; else ``byte``."""
    before = data[max(data.rfind(b"\n", 0, byte) + 1, byte - 200) : byte]
    return byte - len(before.lstrip()) if _WORDS_BEFORE.match(before) else byte


def _is_first(data: bytes, byte: int) -> bool:
    """Whether there is nothing before ``byte`` on its line."""
    line = data[data.rfind(b"\n", 0, byte) + 1 : byte]
    return not line.strip()
