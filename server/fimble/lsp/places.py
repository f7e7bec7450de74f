"""Where an LSP position lies in the lines of a text, on plain numbers: without lsprotocol, which takes long to import.

LSP counts a column in the code units that both sides agreed on (utf-8, utf-16 or
utf-32); we count code points. Nothing here changes its argument, and nothing fails: a
column past the end of its line means the end of the line, as the protocol says, and one
inside a character means the place before that character.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

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
    if encoding == "utf-32" or line.isascii():
        return min(num_units, length)
    if encoding == "utf-8":
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
    if encoding == "utf-32" or before.isascii():
        return len(before)
    if encoding == "utf-8":
        return len(before.encode())
    return len(before) + len(_ASTRAL.findall(before))


def place_at(lines: Sequence[str], line: int, character: int, encoding: str) -> Place:
    """Where the position ``line``, ``character`` lies; past the last line means the end of the document."""
    if line >= len(lines):
        return len(lines) - 1, line_length(lines[-1])
    return line, column_of(lines[line], character, encoding)
