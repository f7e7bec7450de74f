"""The only place where LSP's positions, ranges and items meet ours.

LSP counts a column in the code units that both sides agreed on (utf-8, utf-16 or
utf-32); we count code points. Converting never changes its argument and never
fails: a column past the end of its line means the end of the line, as the protocol
says, and one inside a character means the place before that character.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from lsprotocol import types

from fimble.lsp.greeting import ACCEPTED
from fimble.text import Outcome

Place = tuple[int, int]
"""A 0-based line, and a column in code points from the line's start."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_CONTINUATION_BYTES = bytes(range(0x80, 0xC0))


def sane_text(text: str) -> str:
    """``text`` with half surrogates replaced by U+FFFD, which counts the same in every encoding."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def split_lines(text: str) -> list[str]:
    r"""Lines with their ends (``\n``, ``\r\n`` or ``\r``, nothing else); the last one has none."""
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def line_length(line: str) -> int:
    """Code points before the line's end."""
    return len(line) - (2 if line.endswith("\r\n") else 1 if line.endswith(("\n", "\r")) else 0)


def column_of(line: str, num_units: int, encoding: str) -> int:
    """The code-point column ``num_units`` code units into ``line``, at most its length without the end."""
    length = line_length(line)
    if encoding == types.PositionEncodingKind.Utf32 or line.isascii():
        return min(num_units, length)
    if encoding == types.PositionEncodingKind.Utf8:
        data = line.encode()
        column = len(data[:num_units].translate(None, _CONTINUATION_BYTES))
        inside = num_units < len(data) and data[num_units] in _CONTINUATION_BYTES
        return min(column - inside, length)
    num_astral = 0
    for match in _ASTRAL.finditer(line):
        start_units = match.start() + num_astral
        if start_units >= num_units:
            break
        if start_units + 1 == num_units:
            return match.start()
        num_astral += 1
    return min(num_units - num_astral, length)


def units_of(line: str, column: int, encoding: str) -> int:
    """Code units in the first ``column`` code points of ``line``."""
    before = line[:column]
    if encoding == types.PositionEncodingKind.Utf32 or before.isascii():
        return len(before)
    if encoding == types.PositionEncodingKind.Utf8:
        return len(before.encode())
    return len(before) + len(_ASTRAL.findall(before))


def place_of(lines: Sequence[str], position: types.Position, encoding: str) -> Place:
    """Where ``position`` lies in ``lines``; past the last line means the end of the document."""
    if position.line >= len(lines):
        return len(lines) - 1, line_length(lines[-1])
    return position.line, column_of(lines[position.line], position.character, encoding)


def places_of(lines: Sequence[str], span: types.Range, encoding: str) -> tuple[Place, Place]:
    """Both ends of ``span``, the earlier one first."""
    ends = place_of(lines, span.start, encoding), place_of(lines, span.end, encoding)
    return min(ends), max(ends)


def position_of(lines: Sequence[str], place: Place, encoding: str) -> types.Position:
    """The LSP position of ``place``, which lies inside ``lines``."""
    line, column = place
    return types.Position(line, units_of(lines[line], column, encoding))


def items_of(outcome: Outcome, span: types.Range, typed: str, showing_id: str = "") -> types.InlineCompletionList:
    """What the editor is told: each suggestion after ``typed``, together in place of ``span``.

    ``showing_id`` comes back in the command that the editor runs after it has inserted an
    item. Never ``null``: Neovim would leave an older suggestion on the screen.
    """
    command = types.Command("Accepted", ACCEPTED, arguments=[showing_id]) if showing_id else None
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(insert_text=plain_breaks(typed + suggestion.text), range=span, command=command)
            for suggestion in outcome.suggestions
        ]
    )


def plain_breaks(text: str) -> str:
    """``text`` with ``\\n`` for every line break: an editor puts in its own, and Neovim would show ``^M``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
