"""A text as its lines, so that an edit costs what it touches and a position costs one line, however large the text."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.lsp.places import Place, place_at, sane_text, split_lines


class Lines:
    """The lines of one document, as an editor edits them. Needs no lsprotocol."""

    def __init__(self, text: str) -> None:
        self.lines: list[str] = []
        self.num_bytes = 0
        """In UTF-8."""
        self._put(0, 0, text)

    @property
    def text(self) -> str:
        """All of it; put together at each call."""
        return "".join(self.lines)

    def replace_all(self, text: str) -> None:
        """The text is another one."""
        self._put(0, len(self.lines), text)

    def edit(self, start: Place, end: Place, text: str, encoding: str) -> None:
        """Put ``text`` between two positions in the units of ``encoding``; the later one may come first."""
        places = place_at(self.lines, *start, encoding), place_at(self.lines, *end, encoding)
        (first, start_column), (last, end_column) = min(places), max(places)
        text = self.lines[first][:start_column] + text + self.lines[last][end_column:]
        if first > 0 and text.startswith("\n") and self.lines[first - 1].endswith("\r"):
            first -= 1
            text = self.lines[first] + text
        self._put(first, last + 1, text)

    def _put(self, first: int, stop: int, text: str) -> None:
        """Put the lines of ``text`` in place of the whole lines ``first`` to ``stop``."""
        lines = split_lines(sane_text(text))
        if stop < len(self.lines):
            lines.pop()
        self.num_bytes += _num_bytes(lines) - _num_bytes(self.lines[first:stop])
        self.lines[first:stop] = lines


def _num_bytes(lines: Sequence[str]) -> int:
    return sum(len(line) if line.isascii() else len(line.encode()) for line in lines)
