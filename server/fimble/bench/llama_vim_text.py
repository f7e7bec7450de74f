"""llama.vim's pure parts: the context it sends for a place, and how it trims what comes back.

Written after its source (``s:fim_ctx_local`` and ``s:fim_render``). Lines count from 0 here,
columns are code points.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX_LINES = 256
SUFFIX_LINES = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor in a buffer."""

    lines: tuple[str, ...]
    row: int
    column: int

    @property
    def line(self) -> str:
        return self.lines[self.row]

    @property
    def left(self) -> str:
        return self.line[: self.column]

    @property
    def right(self) -> str:
        return self.line[self.column :]


@dataclass(frozen=True, slots=True)
class Context:
    """The three parts of a request."""

    prefix: str
    middle: str
    """The current line up to the cursor, which stands behind the middle token."""
    suffix: str
    num_indent: int
    num_right: int
    """Characters right of the cursor."""


def place_at(text: str, offset: int) -> Place:
    """The place ``offset`` code points into ``text``."""
    row = text.count("\n", 0, offset)
    return Place(tuple(text.split("\n")), row, offset - text.rfind("\n", 0, offset) - 1)


def context_at(place: Place) -> Context:
    """What a request at ``place`` carries. A line of nothing but blanks counts as empty."""
    is_blank = not place.line.strip()
    left, right = ("", "") if is_blank else (place.left, place.right)
    indent = 0 if is_blank else len(place.line) - len(place.line.lstrip())
    before = place.lines[max(0, place.row - PREFIX_LINES) : place.row]
    return _context(before, left, right, place, indent)


def context_behind(place: Place, content: tuple[str, ...], num_indent: int) -> Context:
    """What the request carries that is sent ahead, as if ``content`` had been accepted at ``place``."""
    first = place.line + content[0]
    current = first if len(content) == 1 else content[-1]
    before = place.lines[max(0, place.row - PREFIX_LINES + len(content) - 1) : place.row]
    if len(content) > 1:
        before += (first, *content[1:-1])
    return _context(before, current, "", place, num_indent)


def rendered(place: Place, answer: str) -> tuple[str, ...]:
    """The lines to insert at ``place``, or ``("",)`` where llama.vim shows nothing of ``answer``."""
    content = answer.split("\n")
    while content and not content[-1]:
        content.pop()
    if not content:
        return ("",)
    line, column = place.line, place.column
    if not line.strip():
        lead = min(len(content[0]) - len(content[0].lstrip()), len(line))
        line, content[0] = content[0][:lead], content[0][lead:]
    left, right = line[:column], line[column:]
    following = place.lines[place.row + 1 :]
    if len(content) > 1 and not content[0] and content[1:] == list(following[: len(content) - 1]):
        return ("",)
    if content == [right]:
        return ("",)
    return ("",) if _repeats(left, content, following) else tuple(content)


def _repeats(left: str, content: list[str], following: tuple[str, ...]) -> bool:
    """Whether the suggestion only says again what stands on the next lines."""
    blank = next((number for number, line in enumerate(following) if line.strip()), len(following) - 1)
    ahead = following[max(0, blank) :]
    if not ahead or left + content[0] != ahead[0]:
        return False
    if len(content) == 1:
        return True
    if len(content) == 2 and len(ahead) > 1:
        return content[1] == ahead[1][: len(content[1])]
    return content[1:] == list(ahead[1 : len(content)])


def _context(before: tuple[str, ...], left: str, right: str, place: Place, num_indent: int) -> Context:
    after = place.lines[place.row + 1 : place.row + 1 + SUFFIX_LINES]
    prefix = "\n".join(before) + "\n"
    return Context(prefix, left, f"{right}\n" + "\n".join(after) + "\n", num_indent, len(right))
