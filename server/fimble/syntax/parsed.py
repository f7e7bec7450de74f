"""A text with its syntax tree: its faults, what stands at a place, and the same text with something inserted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from fimble.syntax.edits import Edit
from fimble.syntax.languages import Language, grammar
from fimble.syntax.offsets import point, to_byte, to_offset

if TYPE_CHECKING:
    import tree_sitter

_CHUNK_BYTES = 1 << 16


class Place(Enum):
    """What a cursor stands in."""

    CODE = "code"
    COMMENT = "comment"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Fault:
    """A node that says that the text is not of its language, at bytes ``start`` to ``end`` of the parsed text."""

    is_missing: bool
    """Whether something is missing here (no bytes), rather than bytes that fit nowhere."""
    start: int
    end: int


class Parsed:
    """A text and its tree; never changes. ``start`` is the document's code point at which the text begins."""

    def __init__(self, language: Language, text: str, data: bytes, tree: tree_sitter.Tree, start: int = 0) -> None:
        self.language, self.text, self.data, self.tree, self.start = language, text, data, tree, start

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Every ERROR and MISSING node, in no special order. Looks only into nodes that hold one.

        A character that fits nowhere is an ERROR of its own, which says of itself that it has none.
        """
        found: list[Fault] = []
        nodes = [self.tree.root_node]
        while nodes:
            node = nodes.pop()
            if node.is_error or node.is_missing:
                found.append(Fault(node.is_missing, node.start_byte, node.end_byte))
            if node.has_error:
                nodes += node.children
        return tuple(found)

    def byte_at(self, offset: int) -> int:
        """The byte of ``data`` at the document's code point ``offset``, within the parsed text."""
        return to_byte(self.text, min(max(offset - self.start, 0), len(self.text)))

    def offset_at(self, byte: int) -> int:
        """The document's code point at ``byte`` of ``data``."""
        return self.start + (byte if self.text.isascii() else to_offset(self.data, byte))

    def place_at(self, offset: int) -> Place:
        """What the code point ``offset`` of the document stands in; the end of a line comment is in it."""
        byte = self.byte_at(offset)
        node = self._before(byte)
        while node is not None:
            if node.start_byte < byte:
                if node.type in self.language.comments:
                    return Place.COMMENT if byte < node.end_byte or self._is_open(node, byte) else Place.CODE
                if node.type in self.language.code_in_strings and byte < node.end_byte:
                    return Place.CODE
                if node.type in self.language.strings and byte < node.end_byte:
                    return Place.STRING
            node = node.parent
        return Place.CODE

    def comment_start(self, offset: int) -> int | None:
        """Where the comment begins that holds the character before the document's code point ``offset``."""
        node = self._before(self.byte_at(offset))
        while node is not None:
            if node.type in self.language.comments:
                return self.offset_at(node.start_byte)
            node = node.parent
        return None

    def _before(self, byte: int) -> tree_sitter.Node | None:
        """The smallest node that holds what stands before ``byte``."""
        return self.tree.root_node.descendant_for_byte_range(byte - 1, byte) if byte else None

    def _is_open(self, comment: tree_sitter.Node, byte: int) -> bool:
        """Whether more text at the comment's end would be part of it."""
        return not self.data[comment.start_byte : byte].endswith((b"*/", b"-->", b"]]", b"\n"))

    def changed(self, text: str, data: bytes, edit: Edit, budget_ms: float) -> Parsed | None:
        """The same document with ``text``, in UTF-8 ``data``, parsed anew where it differs; ``None`` if out of time."""
        old = self.tree.copy()
        start = point(self.data, edit.start)
        ends = point(self.data, edit.old_end), point(data, edit.new_end)
        old.edit(edit.start, edit.old_end, edit.new_end, start, *ends)
        tree = _tree(self.language, data, budget_ms, old)
        return tree and Parsed(self.language, text, data, tree, self.start)


def parse(language: Language, text: str, data: bytes, budget_ms: float, start: int = 0) -> Parsed | None:
    """``text``, in UTF-8 ``data``, parsed from nothing; ``None`` without a grammar, or if out of time."""
    tree = _tree(language, data, budget_ms)
    return tree and Parsed(language, text, data, tree, start)


def _tree(
    language: Language, data: bytes, budget_ms: float, old: tree_sitter.Tree | None = None
) -> tree_sitter.Tree | None:
    """The tree of ``data``, with what ``old`` knows; ``None`` without a grammar, or if out of time."""
    known = grammar(language)
    if known is None:
        return None
    import tree_sitter

    view = memoryview(data)
    deadline = time.perf_counter() + budget_ms / 1e3

    def read(byte: int, _: tuple[int, int]) -> memoryview:
        return view[byte : byte + _CHUNK_BYTES]

    def is_late(byte: int, has_error: bool) -> bool:
        return time.perf_counter() > deadline

    parser = tree_sitter.Parser(known)
    try:
        if old is None:
            return parser.parse(read, progress_callback=is_late)
        return parser.parse(read, old, progress_callback=is_late)
    except ValueError:
        return None
