"""Finds definitions by a part of their name, as one types it: ``geturl``, ``gUP``, ``Client.up``.

Editors ask at every key, so the names of an index are kept in memory, as one text in which a part of a name is
found at once.
"""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from fimble.index.reader import Reader
from fimble.index.records import Hit, Kind, StoredChunk

_ENOUGH = 2000
"""Names that are looked at more closely: the better ones are met first."""
_MAX_INITIALS = 40
_MAX_SHARE = 0.1
"""Of the time, that may go into reading the names anew while files are saved all the time."""
_BEGINNING = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]|(?<=[a-z0-9])[A-Z]|[A-Z](?=[a-z])|(?<=[A-Za-z])[0-9]")
"""Where a part of a name begins: ``g``, ``U``, ``P`` in ``getURLPath`` are met in this order."""
_IS_NAME = re.compile(r"[^\W\d]\w*\Z")
_BETWEEN = re.compile(r"\.|::|->|#|/")
_WHY = ("its name", "the beginning of its name", "part of its name", "the initials of its name", "initials in its name")
_WORTH = (1.0, 0.9, 0.7, 0.5, 0.4)


@dataclass(frozen=True, slots=True)
class _Table:
    """Every name of an index, side by side."""

    ids: list[int]
    names: list[str]
    holders: list[str]
    """What a name lies in, in lower case: ``client`` of ``Client.upload``."""
    is_definition: list[bool]
    text: str
    """All names in lower case, a line each; it begins and ends with a line's end."""
    starts: list[int]
    """Where each name begins in ``text``."""


class Names:
    """The names in one index. Any thread may ask; raises nothing but ``IndexUnavailable`` and those below it."""

    def __init__(self, reader: Reader, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader, self._clock = reader, clock
        self._lock = threading.Lock()
        self._table = _table([])
        self._generation = -1
        self._again_s = 0.0

    def like(self, part: str, limit: int) -> list[Hit]:
        """Definitions whose name is ``part``, begins with it, holds it, or whose parts begin so, in this order.

        The case of letters does not matter. An empty ``part`` is held by every name.
        """
        table = self._current()
        holder, name = _divided(part)

        def fits(row: int) -> bool:
            return holder in table.holders[row]

        found = sorted(
            (
                (stage, not table.is_definition[row], len(table.names[row]), table.names[row], table.ids[row], row)
                for row, stage in _candidates(table, name, fits)
            )
        )[:limit]
        chunks = {chunk.id: chunk for chunk in self._reader.chunks([one[4] for one in found], with_references=False)}
        return [_hit(chunks[one[4]], table.names[one[5]], one[0]) for one in found if one[4] in chunks]

    def _current(self) -> _Table:
        with self._lock:
            now_s = self._clock()
            if now_s < self._again_s:
                return self._table
            generation = self._reader.generation
            if generation != self._generation:
                self._table, self._generation = _table(self._reader.names()), generation
                done_s = self._clock()
                self._again_s = done_s + (done_s - now_s) / _MAX_SHARE
            return self._table


def _table(rows: Sequence[tuple[int, str, str, Kind, str]]) -> _Table:
    ids: list[int] = []
    names: list[str] = []
    holders: list[str] = []
    is_definition: list[bool] = []
    for chunk_id, name, qualified, kind, more in rows:
        own = qualified.removesuffix(name).rstrip(". >").lower()
        listed = [other for other in more.split(", ") if other != name and _IS_NAME.match(other)] if more else []
        for each in (name, *listed):
            ids.append(chunk_id)
            names.append(each)
            holders.append(own)
            is_definition.append(kind in (Kind.FUNCTION, Kind.METHOD, Kind.CLASS))
    lines = [name.lower().replace("\n", " ") for name in names]
    starts = list(accumulate((len(line) + 1 for line in lines), initial=1))[:-1]
    return _Table(ids, names, holders, is_definition, "\n" + "".join(line + "\n" for line in lines), starts)


def _divided(part: str) -> tuple[str, str]:
    """What the name lies in and the name itself, in lower case: ``Client.up`` as ``client`` and ``up``."""
    *before, name = _BETWEEN.split(part.strip())
    return "".join(before).lower(), name


def _candidates(table: _Table, name: str, fits: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    """Rows that are fit, and how well they match, 0 is best; each once, at most about ``_ENOUGH``."""
    lower, seen, num_found = name.lower(), set[int](), 0
    if "\n" in lower:
        return
    for stage, wanted in enumerate((f"\n{lower}\n", f"\n{lower}", lower)):
        place = -1
        while num_found < _ENOUGH and (place := table.text.find(wanted, place + 1)) >= 0:
            row = bisect_right(table.starts, place + (stage < 2)) - 1
            if row not in seen:
                seen.add(row)
                if fits(row):
                    num_found += 1
                    yield row, stage
            if stage == 2 and lower:
                place = table.text.index("\n", place) - 1
    if not 2 <= len(lower) <= _MAX_INITIALS or num_found >= _ENOUGH:
        return
    # from each letter to the next of the same, never back: or a name of one letter over and over takes forever
    loosely = re.compile(
        re.escape(lower[0]) + "".join(f"[^\n{re.escape(sign)}]*+{re.escape(sign)}" for sign in lower[1:])
    )
    for match in loosely.finditer(table.text):
        row = bisect_right(table.starts, match.start()) - 1
        if row not in seen and fits(row) and _begins_parts(lower, table.names[row]):
            seen.add(row)
            yield row, 3 if table.names[row].lower().lstrip("_").startswith(lower[0]) else 4


def _begins_parts(lower: str, name: str) -> bool:
    """Whether ``lower`` is made of beginnings of the parts of ``name``, in their order: ``gurp`` of ``getURLPath``."""
    beginnings = {match.start() for match in _BEGINNING.finditer(name)}
    places = {-2}
    for sign in lower:
        first = min(places)
        places = {
            place
            for place, other in enumerate(name)
            if other.lower() == sign and (place - 1 in places or (place in beginnings and place > first))
        }
        if not places:
            return False
    return True


def _hit(stored: StoredChunk, name: str, stage: int) -> Hit:
    chunk = stored.chunk
    line, end_line = chunk.start_line, chunk.end_line
    qualified = chunk.qualified
    if name != chunk.name:  # one of several values
        qualified = qualified.removesuffix(chunk.name) + name
        line += _line_of(name, chunk.text)
        end_line = line + 1
    lines = chunk.text.split("\n")
    snippet = "\n".join(lines[line - chunk.start_line :][:1]) if chunk.kind is Kind.VALUES else chunk.signature
    return Hit(
        stored.path, qualified, chunk.kind, line, end_line, chunk.signature, snippet, line, _WORTH[stage],
        (_WHY[stage],),
    )  # fmt: skip


def _line_of(name: str, text: str) -> int:
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return text.count("\n", 0, found.start()) if found else 0
