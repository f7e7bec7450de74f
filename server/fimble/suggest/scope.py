"""How much to suggest: the rest of a line, or a block; and where an answer has reached that end.

``cut`` is asked after every token while the answer streams, and once more at the end.
"""

from __future__ import annotations

import re
from enum import Enum

from fimble.suggest.brackets import net_closers
from fimble.suggest.loops import loop_start
from fimble.text import Cursor

OPENERS = (":", "{", "(", "[", "=>", "->", " do", " then")
_CLOSERS = ("}", ")", "]", "end", "fi", "done", "esac", "</")
_FLAT = ("case ", "default", "- ", "public:", "private:", "protected:")
"""What may stand in a block at its opener's own depth."""
_CONTINUATIONS = (*_CLOSERS, "else", "elif", "except", "finally", "catch")
_NEXT_PARTS = ("except", "finally", "catch", "rescue", "ensure")
"""What a ``try`` cannot do without."""
_OTHER_PARTS = ("else", "elif", "elsif", "elseif")
"""Without these too, an indented block is whole; where words end a block, its end comes after them."""
_ALONE = ("else", "rescue", "ensure")
_ONLY_CLOSES = re.compile(r"end|fi|done|esac|[)\]}]+[;,)]*")
_FENCE = "```"
_TAB_WIDTH = 8
_LINE_BREAK = re.compile(r"\r\n|[\r\n]")
_STRING = re.compile(r"""\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'""")
_SHORT_REST_CHARS = 8
_NO_CODE = re.compile(r"""\s*[)>}\]"'`]*\s*[:{;,]?\s*""")
_MAX_OPEN_LINES = 12
"""A line whose brackets are still open after so many more is shown alone, if it can be."""


class Scope(Enum):
    """What a suggestion at a cursor may span."""

    LINE = "line"
    BLOCK = "block"


def scope_at(cursor: Cursor) -> Scope:
    """A block where the cursor's line is empty or opens one; otherwise the rest of the line.

    The rest of a line that opens a bracket goes on until it is closed again.
    """
    if cursor.line_suffix.strip():
        return Scope.LINE
    before = cursor.line_prefix.strip()
    return Scope.BLOCK if not before or before.endswith(OPENERS) else Scope.LINE


def is_inside_code(cursor: Cursor) -> bool:
    """Whether code follows on the line, so that nothing is suggested unless the person asks.

    Closing brackets, quotes and punctuation are no code, nor is a short rest.
    """
    rest = cursor.line_suffix
    return len(rest.strip()) > _SHORT_REST_CHARS and _NO_CODE.fullmatch(rest) is None


def cut(text: str, cursor: Cursor, scope: Scope) -> tuple[str, bool]:
    """``text`` up to the end of its scope, and whether that end was reached.

    A line of ``text`` without a line break behind it counts as still being written. An
    answer that runs in a loop has reached its end.
    """
    if scope is Scope.BLOCK:
        kept, ended = _cut_block(text, cursor)
    else:
        kept, ended = _cut_line(text, cursor)
    return kept, ended or loop_start(kept) is not None


def _cut_line(text: str, cursor: Cursor) -> tuple[str, bool]:
    """The rest of the cursor's line; with the lines that follow while a bracket it opened is open."""
    breaks = _LINE_BREAK.finditer(text)
    first = next(breaks, None)
    if first is None:
        return text, False
    line = text[: first.start()]
    if not line.strip() or cursor.line_suffix.strip():
        return line, True
    end = first.start()
    for _ in range(_MAX_OPEN_LINES):
        if net_closers(_STRING.sub("", text[:end])) >= 0:
            return text[:end], True
        following = next(breaks, None)
        if following is None:
            return text, False
        end = following.start()
    return line, True


def _cut_block(text: str, cursor: Cursor) -> tuple[str, bool]:
    """The block that the cursor's line opens, or the paragraph that begins on it.

    A block holds lines deeper than its opener, and ends with a closer at the opener's
    depth, which is kept. A paragraph holds lines at least as deep as its first, and ends
    before a blank line that is not followed by something deeper.
    """
    opens, base = bool(cursor.line_prefix.strip()), _indent(cursor.line_prefix)
    next_raw = _next_raw_line(cursor)
    following = next_raw.strip()
    depth: int | None = None
    after_blank = False
    lines = text.split("\n")
    for number, line in enumerate(lines):
        whole = line if number else cursor.line_prefix + line
        content = whole.strip()
        ended, indent = number < len(lines) - 1, _indent(whole)
        if opens and number == 0:
            continue
        if not content:
            after_blank = depth is not None
            continue
        if content.startswith(_FENCE):
            return _join(lines[:number]), True
        if depth is None:
            depth = _first_depth(content, indent, base) if opens else indent
        at_opener = opens and indent == base
        if at_opener and ended and content != following and _goes_on(content, cursor):
            continue
        if indent < depth or (at_opener and not content.startswith(_FLAT)):
            closes = at_opener and content.startswith(_CLOSERS)
            if not ended and at_opener and _may_become(content, (*_CLOSERS, *_FLAT)):
                return text, False
            return _join(lines[: number + 1 if closes else number]), True
        if after_blank and not opens and indent == depth and not content.startswith(_CONTINUATIONS):
            return _join(lines[:number]), True
        if number and ended and len(following) > 2 and is_same_line(whole, next_raw):
            return _join(lines[:number]), True
        after_blank = False
    return text, False


def next_line(cursor: Cursor) -> str:
    """The first line after the cursor's that is not blank, stripped; empty at the end of the file."""
    return _next_raw_line(cursor).strip()


def is_same_line(line: str, other: str) -> bool:
    """Whether two lines are one, but for white space around them.

    Lines that only close something are one only at the same depth: each block has its own ``end``.
    """
    content = line.strip()
    return content == other.strip() and (not _ONLY_CLOSES.fullmatch(content) or _indent(line) == _indent(other))


def _next_raw_line(cursor: Cursor) -> str:
    text, end = cursor.snapshot.text, cursor.snapshot.text.find("\n", cursor.offset)
    while end != -1:
        start, end = end + 1, text.find("\n", end + 1)
        line = text[start : end if end != -1 else len(text)]
        if line.strip():
            return line
    return ""


def _goes_on(content: str, cursor: Cursor) -> bool:
    """Whether a line at the depth of a block's opener is the next part of the same statement: ``} else {``."""
    if not content.endswith(OPENERS) and not content.startswith(_ALONE):
        return False
    if content.startswith("}"):
        return True
    return content.startswith(_NEXT_PARTS) or (
        content.startswith(_OTHER_PARTS) and cursor.snapshot.language != "python"
    )


def _first_depth(content: str, indent: int, base: int) -> int:
    """Depth of a block whose first line is ``content``."""
    return base if indent == base and content.startswith(_FLAT) else max(indent, base + 1)


def _may_become(content: str, words: tuple[str, ...]) -> bool:
    return any(word.startswith(content) or content.startswith(word) for word in words)


def _join(lines: list[str]) -> str:
    return "\n".join(lines).rstrip()


def _indent(line: str) -> int:
    """Columns of white space before the line's first character."""
    expanded = line.expandtabs(_TAB_WIDTH)
    return len(expanded) - len(expanded.lstrip(" "))
