"""Generated code at the depth of the place where it goes, with the file's own indentation and line ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from math import gcd

from fimble.syntax.pairs import brackets
from fimble.syntax.parsed import Parsed

DEFAULT_STEP = "    "
TAB_WIDTH = 4
_INDENTED = re.compile(r"^([ \t]+)\S", re.MULTILINE)
_ROUND = b"(["
_LOOSE = frozenset(["jsx_text", "text"])
"""Text whose white space means nothing."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a text's lines, by their number from 0."""

    fixed: Collection[int] = ()
    """Begin inside a string: their white space is part of it."""
    continued: Collection[int] = ()
    """Begin inside brackets or comments: their depth says nothing of the steps."""
    width: int = 0
    """Blanks that one step has; 0 where that is not known."""


def shape_of(parsed: Parsed) -> Shape:
    """Which lines of ``parsed`` begin inside something; a docstring's are laid out like code."""
    fixed: set[int] = set()
    continued: set[int] = set()
    waiting = [parsed.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.type in parsed.language.comments:
            continued.update(range(node.start_point[0] + 1, node.end_point[0] + 1))
        elif node.type in parsed.language.strings and node.type not in _LOOSE:
            is_docstring = parsed.language.name == "python" and (
                node.parent is not None and node.parent.type == "expression_statement"
            )
            inside = continued if is_docstring else fixed
            inside.update(range(node.start_point[0] + 1, node.end_point[0] + 1))
        elif node.start_point[0] != node.end_point[0]:
            waiting += node.children
    opened: list[int] = []
    for byte, change in brackets(parsed, 0, len(parsed.data)):
        if change > 0:
            opened.append(byte)
        elif opened:
            begin = opened.pop()
            if parsed.data[begin] in _ROUND:
                rows = parsed.data.count(b"\n", 0, begin) + 1, parsed.data.count(b"\n", 0, byte) + 1
                continued.update(range(*rows))
    lines = parsed.text.split("\n")
    steady = [line for number, line in enumerate(lines) if number not in fixed | continued]
    code = "\n".join(steady if is_indented("\n".join(steady)) else lines)
    return Shape(fixed, continued - fixed, len(step_of(code).expandtabs(TAB_WIDTH)))


def step_of(text: str) -> str:
    """One step of indentation as ``text`` has it: a tab, or the most common difference in blanks."""
    widths = [match[1] for match in _INDENTED.finditer(text)]
    if not widths:
        return DEFAULT_STEP
    if sum(width.startswith("\t") for width in widths) * 2 > len(widths):
        return "\t"
    steps = Counter[int]()
    last = 0
    for line in text.split("\n"):
        if line.strip():
            depth = len(line) - len(line.lstrip(" "))
            if depth > last:
                steps[depth - last] += 1
            last = depth
    likely = [(count, -size) for size, count in steps.items() if 2 <= size <= 8]
    if likely:
        return " " * -max(likely)[1]
    deep = [len(width) for width in widths if 2 <= len(width) <= 8]
    return " " * min(deep) if deep else DEFAULT_STEP


def is_indented(text: str) -> bool:
    """Whether any line of ``text`` says what its steps are."""
    return _INDENTED.search(text) is not None


def step_in(parsed: Parsed, code: str) -> str:
    """One step of indentation for ``code`` that goes into ``parsed``: the file's, else the language's, else its own."""
    if is_indented(parsed.text):
        return step_of(parsed.text)
    return "\t" if parsed.language.name == "go" else step_of(code)


def indentation_at(text: str, offset: int) -> str:
    """White space at the beginning of the line that holds ``offset``."""
    start = line_start(text, offset)
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return text[start:end]


def line_start(text: str, offset: int) -> int:
    """Where the line begins that holds ``offset``."""
    return text.rfind("\n", 0, offset) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line ends that holds ``offset``, before its line break."""
    end = text.find("\n", offset)
    end = len(text) if end == -1 else end
    return end - 1 if end > offset and text[end - 1] == "\r" else end


def line_break_of(text: str) -> str:
    """How most lines of ``text`` end; of equals, how the first does."""
    num_windows, num_all = text.count("\r\n"), text.count("\n")
    if num_windows * 2 == num_all:
        return "\r\n" if text.endswith("\r\n", 0, text.find("\n") + 1) else "\n"
    return "\r\n" if num_windows * 2 > num_all else "\n"


def laid_out(code: str, indentation: str, step: str, shape: Shape | None = None) -> str:
    """``code`` with its least depth at ``indentation``, and each of its own steps as ``step``.

    Depths that are no whole steps, as in continued lines, keep their blanks. No line break at the end.
    """
    shape = shape or Shape()
    lines = code.replace("\r\n", "\n").split("\n")
    depths = {
        number: len(_blanks(line)) for number, line in enumerate(lines) if line.strip() and number not in shape.fixed
    }
    least = min(depths.values(), default=0)
    steady = [depth - least for number, depth in depths.items() if number not in shape.continued]
    own = _own_step(steady, step, shape.width)
    laid: list[str] = []
    for number, line in enumerate(lines):
        if number in shape.fixed:
            laid.append(line)
            continue
        content = line.lstrip(" \t")
        num_steps, rest = divmod(depths.get(number, least) - least, own)
        laid.append(indentation + step * num_steps + " " * rest + content if content.strip() else "")
    first = next((number for number, line in enumerate(laid) if line), len(laid))
    return "\n".join(laid[first:]).rstrip()


def part_of(
    parsed: Parsed, start: int, end: int, indentation: str, step: str, shape: Shape, is_inside: bool = False
) -> str:
    """The text from ``start`` to ``end``, laid out; ``shape`` is that of all of ``parsed``.

    What stands before ``start`` on its line is left out. ``is_inside``: its first line is as deep as those below,
    and not as the line it begins on.
    """
    text = parsed.text
    begin = line_start(text, start)
    row = text.count("\n", 0, begin)
    code = text[begin:end]
    if text[begin:start].strip():
        below = [line for line in text[start:end].split("\n")[1:] if line.strip()]
        code = _blanks(below[0] if is_inside and below else text[begin:start]) + text[start:end]
    num = code.count("\n") + 1
    own = Shape(
        {number - row for number in shape.fixed if row <= number < row + num},
        {number - row for number in shape.continued if row <= number < row + num},
        shape.width,
    )
    return laid_out(code, indentation, step, own)


def _own_step(depths: list[int], step: str, known: int) -> int:
    """How many blanks one step of code with lines at ``depths`` has; more than it has where that cannot be told."""
    guess = known or len(step_of("\n".join(" " * depth + "x" for depth in depths)))
    if all(depth % guess == 0 for depth in depths):
        return guess
    common = reduce(gcd, depths, 0)
    if common > 1:
        return common
    width = TAB_WIDTH if step == "\t" else len(step)
    ordered = sorted(set(depths))
    new = [depth // guess * width + depth % guess for depth in ordered]
    return guess if all(one < other for one, other in pairwise(new)) else ordered[-1] + 1


def _blanks(line: str) -> str:
    """The white space that ``line`` begins with, without tabs."""
    return line[: len(line) - len(line.lstrip(" \t"))].expandtabs(TAB_WIDTH)
