"""Functions and classes of a parsed text: what they are called, where they begin, where their bodies are.

Where the text is broken, the lines around a place are read on their own: a function is still one
while another is being typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fimble.syntax import kinds
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import Parsed, parse

if TYPE_CHECKING:
    import tree_sitter

_CHUNK_CHARS = 20_000
"""Of a broken text, at most this much is read again on its own, within ``_CHUNK_MS`` each time."""
_CHUNK_MS = 5.0
_NUM_CHUNKS = 4
_CLOSER = re.compile(r"[}\])]|end\b|else\b|elif\b|except\b|finally\b|catch\b|rescue\b")


@dataclass(frozen=True, slots=True)
class Definition:
    """One function or class; offsets are code points of the document."""

    is_class: bool
    name: str
    start: int
    """Where it begins; decorators, attributes and ``export`` included."""
    end: int
    body: tuple[int, int] | None
    """Where its body begins and ends, braces included; ``None`` where it has none, as in an interface."""
    inside: tuple[int, int] | None
    """What may be written anew: between the braces, or from the end of the signature on. ``None`` without a body,
    or where the body is one expression."""
    docstring: tuple[int, int] | None
    """Python's."""
    is_empty: bool
    """Whether there is nothing in its body but comments, a docstring, or what says that it is still to be written."""
    is_abstract: bool
    """Whether it is to have no body of its own: a prototype, an overload, a method of an interface."""

    @property
    def is_unwritten(self) -> bool:
        """Whether it is a function that waits for its body."""
        return self.is_empty and not self.is_class and not self.is_abstract


def definitions(parsed: Parsed) -> Iterator[Definition]:
    """All of them, an outer one before those inside it."""
    waiting = [parsed.tree.root_node]
    while waiting:
        node = waiting.pop()
        found = definition_of(parsed, node)
        if found is not None:
            yield found
        waiting += reversed(node.children)


def enclosing(parsed: Parsed, offset: int) -> tuple[Definition, ...]:
    """Those that hold the code point ``offset``, the innermost first.

    White space before a line's code belongs to it, and empty lines under a Python signature to that.
    """
    place = _code_at(parsed, offset)
    found = sorted(_around(parsed, place), key=_length)
    if parsed.tree.root_node.has_error and (not found or found[0].is_class):
        read = {one for chunk in _chunks(parsed, place) for one in _around(chunk, place)}
        found = sorted(read, key=_length) or found
    indentation = len(_line_before(parsed, offset))
    return tuple(one for one in found if place >= offset or _indentation(parsed, one.start) < indentation)


def definition_of(parsed: Parsed, node: tree_sitter.Node) -> Definition | None:
    """The definition that ``node`` is, if it is one."""
    owner = kinds.owner_of(node)
    if owner is None:
        return None
    name = kinds.name_of(node, parsed.data)
    if not name:
        return None
    is_class = node.type in kinds.CLASSES
    first, last = kinds.whole(node)
    body = kinds.body_of(owner)
    inside = kinds.inside_of(owner, body)
    docstring = kinds.docstring_of(body) if parsed.language.name == "python" else None
    at = parsed.offset_at
    is_open = body is not None or inside is not None
    return Definition(
        is_class,
        name,
        at(first.start_byte),
        at(last.end_byte),
        None if body is None else (at(body.start_byte), at(body.end_byte)),
        None if inside is None else (at(inside[0]), at(inside[1])),
        None if docstring is None else (at(docstring.start_byte), at(docstring.end_byte)),
        body is None or all(kinds.says_nothing(part, parsed) for part in body.children or [body]),
        not is_class and (not is_open or kinds.is_abstract(first, node, parsed)),
    )


def _length(definition: Definition) -> int:
    return definition.end - definition.start


def _around(parsed: Parsed, offset: int) -> set[Definition]:
    """Definitions that begin at, end at or hold ``offset``."""
    byte, root = parsed.byte_at(offset), parsed.tree.root_node
    found: set[Definition] = set()
    seen: set[int] = set()
    for start, end in ((byte, byte + 1), (max(0, byte - 1), byte)):
        node = root.descendant_for_byte_range(start, min(end, len(parsed.data)))
        while node is not None:
            for one in (node, *kinds.decorated_by(node)):
                if one.id in seen:
                    continue
                seen.add(one.id)
                definition = definition_of(parsed, one)
                if definition is not None and definition.start <= offset <= definition.end:
                    found.add(definition)
            node = node.parent
    return found


def _code_at(parsed: Parsed, offset: int) -> int:
    """The code that is meant by ``offset``: not the white space before it, nor what ends a line or is one's all."""
    text, place = parsed.text, min(max(offset - parsed.start, 0), len(parsed.text))
    start = text.rfind("\n", 0, place) + 1
    line = _line_at(text, start)
    if line.strip():
        first, last = start + len(line) - len(line.lstrip()), start + len(line.rstrip(" \t\r;,"))
        return parsed.start + max(first, min(place, max(first, last)))
    if parsed.language.is_indented and _line_before(parsed, offset):
        return parsed.start + len(text[:start].rstrip())
    return parsed.start + place


def _chunks(parsed: Parsed, offset: int) -> Iterator[Parsed]:
    """The lines around ``offset`` that belong together by their indentation, fewer first; only those that parse."""
    text = parsed.text
    start = text.rfind("\n", 0, offset - parsed.start) + 1
    depth, num = 1 << 20, 0
    while num < _NUM_CHUNKS and depth:
        line = _line_at(text, start)
        own = len(line) - len(line.lstrip())
        if line.strip() and own < depth and not _CLOSER.match(line.strip()):
            depth, num = own, num + 1
            chunk = text[start + own : _end_of_chunk(text, start, own)]
            read = parse(parsed.language, chunk, encode(chunk), _CHUNK_MS, parsed.start + start + own)
            if read is not None and not read.tree.root_node.has_error:
                yield read
        if not start:
            return
        start = text.rfind("\n", 0, start - 1) + 1


def _end_of_chunk(text: str, start: int, depth: int) -> int:
    """Where the lines end that are deeper than ``depth``, behind the one that begins at ``start``."""
    end = text.find("\n", start)
    while 0 <= end < start + _CHUNK_CHARS:
        line = _line_at(text, end + 1)
        is_over = line.strip() and len(line) - len(line.lstrip()) <= depth
        if is_over and not _CLOSER.match(line.strip()):
            return end
        end = text.find("\n", end + 1)
    return len(text) if end == -1 else end


def _line_before(parsed: Parsed, offset: int) -> str:
    end = offset - parsed.start
    return parsed.text[parsed.text.rfind("\n", 0, end) + 1 : end]


def _line_at(text: str, start: int) -> str:
    end = text.find("\n", start)
    return text[start : len(text) if end == -1 else end]


def _indentation(parsed: Parsed, offset: int) -> int:
    line = _line_before(parsed, offset)
    return len(line) - len(line.lstrip())
