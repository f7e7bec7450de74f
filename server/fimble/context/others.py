"""Lines of other files that may be like what is written next: uses of a name, and functions that share rare words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fimble.context.lookup import FUNCTIONS
from fimble.context.passages import split
from fimble.context.wanted import Nearness
from fimble.index.reader import Reader
from fimble.index.records import StoredChunk

_MAX_USERS = 24
_USE_LINES = (1, 2)
"""Lines shown before and after one that uses a name."""
_MAX_SIMILAR = 6
_MAX_QUERY = 12


def use_of(
    name: str, reader: Reader, nearness: Nearness, may_show: Callable[[str], bool]
) -> tuple[StoredChunk, str] | None:
    """Of the chunks that use ``name``, the one that has most to do with what is near, and the lines of the use."""
    best: tuple[float, StoredChunk, str] | None = None
    for stored in reader.using(name, _MAX_USERS, with_references=False):
        if stored.chunk.name == name or not may_show(stored.path):
            continue
        lines = split(stored.chunk.text)
        place = _line_of(name, lines)
        if place is None:
            continue
        piece = "".join(lines[max(0, place - _USE_LINES[0]) : place + _USE_LINES[1] + 1])
        worth = nearness.of_text(piece)
        if best is None or worth > best[0]:
            best = (worth, stored, piece)
    return best[1:] if best is not None else None


def similar(reader: Reader, nearness: Nearness, may_show: Callable[[str], bool]) -> Iterator[StoredChunk]:
    """The functions that hold most of the rare words near the cursor, the best first."""
    found = reader.match(nearness.nearest(_MAX_QUERY), _MAX_SIMILAR)
    for stored in reader.chunks([chunk_id for chunk_id, _ in found], with_references=False):
        if stored.chunk.kind in FUNCTIONS and may_show(stored.path):
            yield stored


def _line_of(name: str, lines: list[str]) -> int | None:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return next((at for at, line in enumerate(lines) if pattern.search(line) and "import" not in line), None)
