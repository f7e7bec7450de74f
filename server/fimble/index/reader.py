"""Reads an index while another process may be writing it.

An index that is not there yet, or was written by another version, reads as empty; one that is built
anew under a reader is seen at the next call.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.index.graphrows import GraphRows, graph_rows
from fimble.index.records import Import, Kind, StoredChunk
from fimble.index.rows import stored_chunks
from fimble.index.schema import FILE_NAME, VERSION, Identity, connect, identity, in_words, version_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WEIGHTS = (4.0, 1.0, 2.0, 3.0, 1.0)
"""What a word is worth in a name, path, signature, docstring and body."""
_DEFINES = ",".join(f"'{kind.value}'" for kind in Kind if kind not in (Kind.SECTION, Kind.LINES))


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is in an index, and how much is still to come."""

    num_files: int = 0
    num_chunks: int = 0
    num_vectors: int = 0
    """Chunks that have one."""
    num_missing_vectors: int = 0
    is_words_complete: bool = False
    """Whether every file was met since the index was begun."""


class Reader:
    """Any thread may call. Raises nothing but ``IndexUnavailable`` and those below it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()
        self._idle: list[tuple[Identity, sqlite3.Connection]] = []
        self._watch: tuple[Identity, sqlite3.Connection] | None = None
        self._seen: tuple[Identity | None, int] = (None, 0)
        self._generation = 0
        self._paths: tuple[int, frozenset[str]] = (-1, frozenset())

    @property
    def generation(self) -> int:
        """Another number whenever anything was written since it was last asked for."""
        with self._lock, in_words(self.path):
            current = identity(self.path)
            if self._watch is not None and self._watch[0] != current:
                self._watch[1].close()
                self._watch = None
            if self._watch is None and current is not None:
                self._watch = (current, connect(self.path, may_write=False))
                self._seen = (None, -1)
            data = self._watch[1].execute("PRAGMA data_version").fetchone()[0] if self._watch else 0
            if (current, data) != self._seen:
                self._seen = (current, data)
                self._generation += 1
            return self._generation

    def counts(self) -> Counts:
        with self._database() as database:
            if database is None:
                return Counts()
            (num_files,) = database.execute("SELECT count(*) FROM files").fetchone()
            (num_chunks,) = database.execute("SELECT count(*) FROM chunks").fetchone()
            query = "SELECT count(*) FROM chunks WHERE digest IN (SELECT digest FROM vectors)"
            (num_vectors,) = database.execute(query).fetchone()
            done = database.execute("SELECT value FROM meta WHERE key = 'words_complete'").fetchone()
            is_complete = done is not None and done[0] == "1"
            return Counts(num_files, num_chunks, num_vectors, num_chunks - num_vectors, is_complete)

    def chunk(self, id: int) -> StoredChunk:  # noqa: A002
        """Raises ``KeyError`` for one that is no more."""
        found = self.chunks([id])
        if not found:
            raise KeyError(id)
        return found[0]

    def chunks(self, ids: Sequence[int], with_references: bool = True) -> list[StoredChunk]:
        """In the order of ``ids``, without those that are no more."""
        listed = json.dumps([int(one) for one in ids])
        found = self._chunks("WHERE c.id IN (SELECT value FROM json_each(?))", listed, with_references=with_references)
        by_id = {chunk.id: chunk for chunk in found}
        return [by_id[one] for one in ids if one in by_id]

    def in_file(self, path: str, with_references: bool = True) -> list[StoredChunk]:
        """Of the file at ``path`` (relative, with ``/``), in its order."""
        return self._chunks("WHERE f.path = ? ORDER BY c.position", path, with_references=with_references)

    def imports_of(self, path: str) -> tuple[Import, ...]:
        query = (
            "SELECT i.module, i.name, i.alias FROM imports i JOIN files f ON f.id = i.file_id "
            "WHERE f.path = ? ORDER BY i.rowid"
        )
        with self._database() as database:
            return tuple(Import(*row) for row in database.execute(query, (path,))) if database else ()

    def named(self, name: str, limit: int = 50) -> list[StoredChunk]:
        """Definitions and values with just this unqualified name."""
        return self._chunks(f"WHERE c.name = ? AND c.kind IN ({_DEFINES}) ORDER BY c.id LIMIT ?", name, limit)

    def name_like(self, pattern: str, limit: int) -> list[StoredChunk]:
        """Chunks whose name holds ``pattern`` in any case, or whose qualified name does where it has a dot.

        The same name comes first, then those that begin with it, then the others; the shorter before the longer.
        """
        column = "c.qualified" if "." in pattern else "c.name"
        plain = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rest = (
            f"WHERE {column} LIKE ? ESCAPE '\\' AND c.name != '' AND c.kind != 'lines' "
            f"ORDER BY ({column} LIKE ? ESCAPE '\\') DESC, ({column} LIKE ? ESCAPE '\\') DESC, length({column}), c.id "
            "LIMIT ?"
        )
        return self._chunks(rest, f"%{plain}%", plain, f"{plain}%", limit)

    def names(self) -> list[tuple[int, str, str, Kind, str]]:
        """Id, name, qualified name and kind of every chunk that has a name, and of values all their names."""
        query = (
            "SELECT id, name, qualified, kind, CASE kind WHEN 'values' THEN signature ELSE '' END FROM chunks "
            "WHERE name != '' AND kind != 'lines' ORDER BY id"
        )
        with self._database() as database:
            rows = database.execute(query).fetchall() if database else []
        kinds = {kind.value: kind for kind in Kind}
        return [(chunk_id, name, full, kinds[kind], more) for chunk_id, name, full, kind, more in rows]

    def using(self, name: str, limit: int = 50, with_references: bool = True) -> list[StoredChunk]:
        """Chunks that refer to ``name``."""
        rest = "WHERE c.id IN (SELECT chunk_id FROM refs WHERE name = ?) ORDER BY c.id LIMIT ?"
        return self._chunks(rest, name, limit, with_references=with_references)

    def num_uses(self, names: Sequence[str], not_in: str) -> dict[str, int]:
        """How many chunks refer to each of ``names``, those of the file at ``not_in`` apart; 0 is left out."""
        query = (
            "SELECT r.name, count(*) FROM refs r JOIN chunks c ON c.id = r.chunk_id JOIN files f ON f.id = c.file_id "
            "WHERE r.name IN (SELECT value FROM json_each(?)) AND f.path != ? GROUP BY r.name"
        )
        with self._database() as database:
            return dict(database.execute(query, (json.dumps(list(names)), not_in))) if database else {}

    def paths(self) -> frozenset[str]:
        """Of every file in the index."""
        generation = self.generation
        held = self._paths
        if held[0] == generation:
            return held[1]
        with self._database() as database:
            rows = database.execute("SELECT path FROM files").fetchall() if database else []
        found = frozenset(path for (path,) in rows)
        self._paths = (generation, found)
        return found

    def match(
        self, words: Sequence[str], limit: int, weights: tuple[float, float, float, float, float] = WEIGHTS
    ) -> list[tuple[int, float]]:
        """Chunks that hold any of ``words`` (as ``words.split`` gives them) by BM25: id and score, best first.

        A score is at least 0 and comparable within one query only.
        """
        asked = " OR ".join('"' + word.replace('"', '""').replace("\0", "") + '"' for word in dict.fromkeys(words))
        if not asked:
            return []
        columns = ", ".join(map(str, map(float, weights)))
        query = f"SELECT rowid, -bm25(words, {columns}) FROM words WHERE words MATCH ? ORDER BY 2 DESC, rowid LIMIT ?"
        with self._database() as database:
            rows = database.execute(query, (asked, limit)).fetchall() if database else []
        return [(chunk_id, max(score, 0.0)) for chunk_id, score in rows]

    def all_for_graph(self) -> GraphRows:
        """Every chunk by its id, every file's imports and every chunk's references, all of one moment."""
        with self._database() as database:
            return graph_rows(database) if database else GraphRows()

    def vectors(self) -> tuple[list[int], npt.NDArray[np.float16]]:
        """The ids of the chunks that have a vector, and the vectors in the same order: ``[num_chunks, dimension]``."""
        import numpy as np

        query = "SELECT c.id, v.vector FROM chunks c JOIN vectors v ON v.digest = c.digest ORDER BY c.id"
        with self._database() as database:
            rows = database.execute(query).fetchall() if database else []
        if not rows:
            return [], np.zeros((0, 0), np.float16)
        matrix = np.frombuffer(b"".join(vector for _, vector in rows), "<f2").astype(np.float16)
        return [chunk_id for chunk_id, _ in rows], matrix.reshape(len(rows), -1)

    def meta(self, key: str) -> str | None:
        """What the writer noted under ``key``."""
        with self._database() as database:
            row = database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone() if database else None
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Let go of the file; a later call opens it again."""
        with self._lock:
            for _, database in self._idle:
                database.close()
            self._idle.clear()
            if self._watch is not None:
                self._watch[1].close()
                self._watch = None

    def __del__(self) -> None:
        # one that is shared is closed when the last who holds it lets go
        if hasattr(self, "_lock"):
            self.close()

    def _chunks(self, rest: str, *values: object, with_references: bool = True) -> list[StoredChunk]:
        with self._database() as database:
            return stored_chunks(database, rest, values, with_references) if database else []

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to the file that is there now, for one thread; ``None`` where there is no index."""
        with in_words(self.path):
            current = identity(self.path)
            database = self._take(current) if current is not None else None
            if current is None or database is None:
                yield None
                return
            try:
                yield database
            except BaseException:
                database.close()
                raise
            with self._lock:
                self._idle.append((current, database))

    def _take(self, current: Identity) -> sqlite3.Connection | None:
        with self._lock:
            while self._idle:
                known, database = self._idle.pop()
                if known == current:
                    return database
                database.close()
        try:
            database = connect(self.path, may_write=False)
        except sqlite3.OperationalError:
            if identity(self.path) is None:
                return None
            raise
        try:
            is_ours = version_of(database) == VERSION
        except BaseException:
            database.close()
            raise
        if not is_ours:
            database.close()
        return database if is_ours else None
