"""Holes in a file: cut on the nodes of its syntax tree, on its lines, and at random."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from fimble.syntax import kinds
from fimble.syntax.languages import Language
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import Parsed, Place, parse
from fimble.training.notices import notice_lines

if TYPE_CHECKING:
    import tree_sitter

MAX_CHARS, MAX_LINES = 600, 64
"""Of a hole."""
MIN_CHARS = 4
"""Of a hole, white space apart."""
AROUND_CHARS = 4000
"""Of what is shown before and after it."""
BUDGET_MS = 5000.0
_TRIES = 8
"""For one hole, before the file has one fewer."""
_SHARES = {"node": 0.5, "line": 0.36, "random": 0.14}
_GROUPS = {"body": 0.2, "block": 0.2, "statement": 0.25, "arguments": 0.15, "expression": 0.2}
_PROSE_SHARE = 0.2
"""Of the holes that fall into comments and strings so many are kept: there is more of these than anybody asks for."""
_MIN_LETTERS = 0.4
"""Share of letters and digits in a hole, white space apart: with less it is a table or a rule of dashes."""
_ARGUMENTS = frozenset(["argument_list", "arguments", "value_arguments", "call_arguments", "parameters"])
_VALUES = ("right", "value", "condition")
_RETURNS = frozenset(["return_statement", "return_expression", "yield", "await"])
_LINE_SEVERAL = (2, 8)
_RANDOM_CHARS = (6, 300)


@dataclass(frozen=True, slots=True)
class Hole:
    """``text[start:end]``, in code points."""

    start: int
    end: int
    cut: str
    """The type of a node, ``line``, or ``random``."""


def tree_of(text: str, language: Language | None) -> Parsed | None:
    """``None`` for prose, without a grammar, or where parsing takes too long."""
    if language is None or "\0" in text:
        return None
    return parse(language, text, encode(text), BUDGET_MS)


def holes(text: str, parsed: Parsed | None, num: int, draw: Random) -> list[Hole]:
    """Up to ``num`` different ones, in the order they were drawn; equal arguments give equal holes."""
    nodes = _candidates(parsed) if parsed is not None and num else {}
    lines = _Lines(text)
    names, weights = [*_SHARES], [*_SHARES.values()]
    found: dict[tuple[int, int], Hole] = {}
    for _ in range(num):
        name = draw.choices(names, weights)[0]
        for _ in range(_TRIES):
            if name == "node" and nodes:
                group = draw.choices([*nodes], [_GROUPS[one] for one in nodes])[0]
                hole = _on_node(draw.choice(nodes[group]), text, parsed)
            elif name == "random":
                hole = _at_random(text, draw)
            else:
                hole = lines.hole(draw)
            if hole is not None and (hole.start, hole.end) not in found and _is_fit(text, hole, parsed, draw):
                found[hole.start, hole.end] = hole
                break
    return list(found.values())


def around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after a hole: whole lines, at most ``AROUND_CHARS`` each."""
    first, last = max(0, start - AROUND_CHARS), min(len(text), end + AROUND_CHARS)
    if first and (cut := text.find("\n", first - 1, start)) >= 0:
        first = cut + 1
    if last < len(text) and (cut := text.rfind("\n", end, last)) >= 0:
        last = cut + 1
    return text[first:start], text[end:last]


def is_size_fit(middle: str) -> bool:
    """Whether a hole's text is long enough to say something and short enough to be written at once."""
    bare = "".join(middle.split())
    return len(bare) >= MIN_CHARS and len(middle) <= MAX_CHARS and middle.count("\n") < MAX_LINES


def nodes_of(parsed: Parsed) -> Iterator[tree_sitter.Node]:
    """All nodes below the root that have a name, an outer one first."""
    waiting = [*reversed(parsed.tree.root_node.named_children)]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.named_children)


def _is_fit(text: str, hole: Hole, parsed: Parsed | None, draw: Random) -> bool:
    middle = text[hole.start : hole.end]
    bare = "".join(middle.split())
    num_letters = sum(map(str.isalpha, bare))
    if not is_size_fit(middle) or num_letters < 2 or sum(map(str.isalnum, bare)) < _MIN_LETTERS * len(bare):
        return False
    if parsed is None:
        return True
    is_code = parsed.place_at(hole.start + len(middle) - len(middle.lstrip()) + 1) is Place.CODE
    return is_code or draw.random() < _PROSE_SHARE


def _candidates(parsed: Parsed) -> dict[str, list[tuple[int, int, str]]]:
    """Bytes and node types of what may be cut, by what it is."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    data = parsed.data
    head = len(encode("\n".join(parsed.text.split("\n")[: notice_lines(parsed.text)])))

    def take(group: str, start: int, end: int, kind: str) -> None:
        piece = data[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        if head <= start < end <= start + 4 * MAX_CHARS:
            found.setdefault(group, []).append((start, end, kind))

    for node in nodes_of(parsed):
        if node.has_error or node.end_byte - node.start_byte < MIN_CHARS:
            continue
        owner = kinds.owner_of(node)
        if owner is not None:
            body = kinds.body_of(owner)
            inside = kinds.inside_of(owner, body)
            if body is not None and inside is not None:
                told = kinds.docstring_of(body)
                take("body", told.end_byte if told is not None else inside[0], inside[1], body.type)
        elif is_block(node) and node.named_children and node.parent and kinds.owner_of(node.parent) is None:
            take("block", node.named_children[0].start_byte, node.named_children[-1].end_byte, node.type)
        is_statement = node.parent is not None and (is_block(node.parent) or node.parent.parent is None)
        if is_statement and not kinds.says_nothing(node, parsed):
            take("statement", node.start_byte, node.end_byte, node.type)
        if node.type in _ARGUMENTS and node.child_count > 2:
            take("arguments", node.children[0].end_byte, node.children[-1].start_byte, node.type)
        for value in _values(node):
            # a lone name is little to ask for
            if value.child_count:
                take("expression", value.start_byte, value.end_byte, value.type)
    return found


def is_block(node: tree_sitter.Node) -> bool:
    """Whether statements stand in it."""
    return node.type.endswith(("block", "_body")) or node.type in ("compound_statement", "declaration_list", "suite")


def _values(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    if node.type in _RETURNS and node.named_children:
        yield node.named_children[-1]
    for name in _VALUES:
        value = node.child_by_field_name(name)
        if value is not None and value.is_named:
            yield value


def _on_node(candidate: tuple[int, int, str], text: str, parsed: Parsed | None) -> Hole | None:
    if parsed is None:
        return None
    start, end, kind = candidate
    return Hole(parsed.offset_at(start), parsed.offset_at(end), kind)


def _at_random(text: str, draw: Random) -> Hole | None:
    """Short holes are as likely as long ones twice, four times as long."""
    low, high = map(math.log, _RANDOM_CHARS)
    length = round(math.exp(draw.uniform(low, high)))
    if len(text) <= length:
        return None
    start = draw.randrange(len(text) - length)
    return Hole(start, start + length, "random")


class _Lines:
    """The lines of a text that are worth completing."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        first = notice_lines(text)
        self._numbers = [
            number for number, line in enumerate(self._lines) if number >= first and len(line.strip()) >= MIN_CHARS
        ]
        self._kinds: Sequence[Callable[[int, Random], tuple[int, int] | None]] = (
            self._whole, self._rest, self._rest, self._several,
        )  # fmt: skip

    def hole(self, draw: Random) -> Hole | None:
        if not self._numbers:
            return None
        place = draw.choice(self._kinds)(draw.choice(self._numbers), draw)
        return place and Hole(*place, "line")

    def _whole(self, number: int, draw: Random) -> tuple[int, int]:
        """Its indentation is typed already."""
        start = self._starts[number] + _indentation(self._lines[number])
        return start, self._starts[number] + len(self._lines[number].rstrip())

    def _rest(self, number: int, draw: Random) -> tuple[int, int] | None:
        """People stop where a word ends, or anywhere."""
        start, end = self._whole(number, draw)
        length = end - start
        cut = start + draw.randint(1, max(1, round(0.7 * length)))
        line, base = self._lines[number], self._starts[number]
        if draw.random() < 0.7 and (word := re.compile(r"\b|$").search(line, cut - base)) is not None:
            cut = base + word.start()
        return (cut, end) if cut < end else None

    def _several(self, number: int, draw: Random) -> tuple[int, int]:
        """Lines that belong together: an empty line or a smaller indentation ends them."""
        wanted = draw.randint(*_LINE_SEVERAL)
        depth, last = _indentation(self._lines[number]), number
        for later in range(number + 1, min(number + wanted, len(self._lines))):
            line = self._lines[later]
            if not line.strip() or _indentation(line) < depth:
                break
            last = later
        return self._starts[number] + depth, self._starts[last] + len(self._lines[last].rstrip())


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
