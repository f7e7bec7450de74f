"""How much to suggest: the rest of a line, or a block; and where an answer has reached that end.

``cut`` is asked after every token while the answer streams, and once more at the end.
"""

from __future__ import annotations

from enum import Enum

from fimble.text import Cursor

_OPENERS = (":", "{", "(", "[", "=>", "->", " do", " then")
_CLOSERS = ("}", ")", "]", "end", "fi", "done", "esac", "</")
_TAB_WIDTH = 8


class Scope(Enum):
    """What a suggestion at a cursor may span."""

    LINE = "line"
    BLOCK = "block"


def scope_at(cursor: Cursor) -> Scope:
    """A block where the cursor's line is empty or opens one; otherwise the rest of the line."""
    if cursor.line_suffix.strip():
        return Scope.LINE
    before = cursor.line_prefix.strip()
    return Scope.BLOCK if not before or before.endswith(_OPENERS) else Scope.LINE


def cut(text: str, cursor: Cursor, scope: Scope) -> tuple[str, bool]:
    """``text`` up to the end of its scope, and whether that end was reached.

    A line of ``text`` without a line break behind it counts as still being written.
    """
    if scope is Scope.BLOCK:
        return _cut_block(text, cursor)
    line, newline, _ = text.partition("\n")
    return line.removesuffix("\r"), bool(newline)


def _cut_block(text: str, cursor: Cursor) -> tuple[str, bool]:
    """Lines at least as deep as the block's first; a closer at its opener's depth ends it and is kept."""
    opens, base = bool(cursor.line_prefix.strip()), _indent(cursor.line_prefix)
    following = next_line(cursor)
    depth: int | None = None
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        whole = line if number else cursor.line_prefix + line
        if not whole.strip() or (opens and number == 0):
            continue
        ended, indent = line.endswith("\n"), _indent(whole)
        if depth is None:
            depth = max(indent, base + 1) if opens else indent
        if indent < depth:
            closes = opens and indent == base and whole.strip().startswith(_CLOSERS)
            if closes and not ended:
                return text, False
            return _join(lines[: number + 1 if closes else number]), True
        if number and ended and len(following) > 2 and line.strip() == following:
            return _join(lines[:number]), True
    return text, False


def next_line(cursor: Cursor) -> str:
    """The first line after the cursor's that is not blank, stripped; empty at the end of the file."""
    text, end = cursor.snapshot.text, cursor.snapshot.text.find("\n", cursor.offset)
    while end != -1:
        start, end = end + 1, text.find("\n", end + 1)
        line = text[start : end if end != -1 else len(text)].strip()
        if line:
            return line
    return ""


def _join(lines: list[str]) -> str:
    return "".join(lines).rstrip()


def _indent(line: str) -> int:
    """Columns of white space before the line's first character."""
    expanded = line.expandtabs(_TAB_WIDTH)
    return len(expanded) - len(expanded.lstrip(" "))
