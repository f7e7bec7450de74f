"""Between the rows of an index and the values that the rest of fimble knows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from fimble.index.records import Chunk, Kind, Reference, StoredChunk, Use

_COLUMNS = (
    "c.id, c.position, c.name, c.qualified, c.kind, c.start_line, c.end_line, c.signature, c.docstring, c.text, "
    "c.parent_id, f.path, f.language"
)


def stored_chunks(
    database: sqlite3.Connection, rest: str, values: Sequence[object] = (), with_references: bool = True
) -> list[StoredChunk]:
    """The chunks that ``rest`` picks (what follows ``FROM chunks c JOIN files f``), in its order.

    Most of the time goes into what they refer to.
    """
    query = f"SELECT {_COLUMNS} FROM chunks c JOIN files f ON f.id = c.file_id {rest}"
    rows = database.execute(query, values).fetchall()
    references = _references(database, [row[0] for row in rows]) if with_references else {}
    return [_stored(row, references.get(row[0], ())) for row in rows]


def _references(database: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[Reference, ...]]:
    found: dict[int, list[Reference]] = {}
    query = (
        "SELECT chunk_id, name, use, qualifier FROM refs WHERE chunk_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY rowid"
    )
    for chunk_id, name, use, qualifier in database.execute(query, (json.dumps(ids),)):
        found.setdefault(chunk_id, []).append(Reference(name, Use(use), qualifier))
    return {chunk_id: tuple(listed) for chunk_id, listed in found.items()}


def _stored(row: Sequence[Any], references: tuple[Reference, ...]) -> StoredChunk:
    chunk_id, position, name, qualified, kind, start, end, signature, docstring, text, parent_id, path, language = row
    parent = None if parent_id is None else parent_id - (chunk_id - position)
    chunk = Chunk(name, qualified, Kind(kind), start, end, signature, docstring, text, parent, references)
    return StoredChunk(chunk_id, path, language, chunk)
