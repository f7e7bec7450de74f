"""What a graph of the whole workspace is made of, as it lies in the index."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from fimble.index.records import Import, Kind, Reference, Use


@dataclass(frozen=True, slots=True)
class GraphRows:
    """All that a graph is made of; the lists of chunks and those of files run side by side."""

    ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    parents: list[int | None] = field(default_factory=list)
    """Ids of chunks."""
    file_ids: list[int] = field(default_factory=list)
    """Of each chunk's file."""
    paths: dict[int, str] = field(default_factory=dict)
    """By a file's id."""
    references: dict[int, list[Reference]] = field(default_factory=dict)
    """By a chunk's id."""
    imports: dict[int, list[Import]] = field(default_factory=dict)
    """By a file's id."""


def graph_rows(database: sqlite3.Connection) -> GraphRows:
    """Everything, of one moment."""
    rows = GraphRows()
    database.execute("BEGIN")
    try:
        rows.paths.update(database.execute("SELECT id, path FROM files"))
        query = "SELECT id, name, kind, parent_id, file_id FROM chunks ORDER BY id"
        for chunk_id, name, kind, parent_id, file_id in database.execute(query):
            rows.ids.append(chunk_id)
            rows.names.append(name)
            rows.kinds.append(Kind(kind))
            rows.parents.append(parent_id)
            rows.file_ids.append(file_id)
        query = "SELECT chunk_id, name, use, qualifier FROM refs ORDER BY rowid"
        for chunk_id, name, use, qualifier in database.execute(query):
            rows.references.setdefault(chunk_id, []).append(Reference(name, Use(use), qualifier))
        query = "SELECT file_id, module, name, alias FROM imports ORDER BY rowid"
        for file_id, module, name, alias in database.execute(query):
            rows.imports.setdefault(file_id, []).append(Import(module, name, alias))
    finally:
        database.execute("ROLLBACK")
    return rows
