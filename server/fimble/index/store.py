"""Writes an index: one process at a time, whole files at a time.

Whoever opens a store holds the index's lock (``places``). A process that is killed leaves the files
that it had committed and nothing of the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.errors import IndexDamaged
from fimble.index.records import Chunk, FileContent, Stamp, StoredChunk
from fimble.index.rows import stored_chunks
from fimble.index.schema import FILE_NAME, connect, full, identity, in_words, prepare

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Split = Callable[[str], Sequence[str]]
"""A text's search words."""
OnNote = Callable[[str], None]
_MAX_MB = 1024
_SCANNED_SHARE = 0.9
"""Of the space, before a scan ends. To replace a file SQLite writes the new before it frees the old."""
_COMPLETE = "words_complete"
_ENCODER = "encoder"


class Store:
    """The writer of one index. One thread at a time. Every call may raise ``IndexUnavailable`` and those below it."""

    def __init__(self, path: Path, database: sqlite3.Connection, split: Split) -> None:
        self.path = path
        self._database = database
        self._split = split
        self._identity = identity(path)
        (last,) = database.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
        self._next_id = int(last) + 1

    @classmethod
    def open(
        cls, folder: Path, on_note: OnNote = lambda _: None, max_mb: int = _MAX_MB, split: Split | None = None
    ) -> Store:
        """The index in ``folder``, created where there is none, and anew where it is damaged (``on_note`` is told)."""
        if split is None:
            from fimble.index.words import split as into_words

            split = into_words
        path = folder / FILE_NAME
        with in_words(path):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                return cls(path, _prepared(path, max_mb), split)
            except IndexDamaged as error:
                on_note(f"{error.what} It is built anew.")
            delete_files(folder)
            return cls(path, _prepared(path, max_mb), split)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes in it become visible at once, or none does.

        One within another is part of it: where it fails, its own writes are undone, and the other may go on.
        """
        begin, commit, undo = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        if self._database.in_transaction:
            begin, commit, undo = ("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part; RELEASE part")
        elif identity(self.path) != self._identity:
            raise IndexDamaged(f"The index {self.path} was deleted.")
        with in_words(self.path):
            self._database.execute(begin)
            try:
                yield
                self._finish(commit)
            except BaseException:
                self._finish(undo)
                raise

    def _finish(self, statements: str) -> None:
        """SQLite has ended the transaction by itself where the disk was full."""
        for statement in statements.split(";"):
            if self._database.in_transaction:
                self._database.execute(statement)

    def put(self, content: FileContent, stamp: Stamp, digests: Sequence[bytes]) -> None:
        """The file as it is now, in place of what was known of it; ``digests`` has one for each chunk."""
        with self.transaction():
            self._forget(content.path)
            values = (content.path, content.language, content.num_lines, stamp.num_bytes, stamp.modified_ns)
            query = "INSERT INTO files(path, language, num_lines, num_bytes, modified_ns) VALUES (?,?,?,?,?)"
            file_id = self._database.execute(query, values).lastrowid
            first_id, self._next_id = self._next_id, self._next_id + len(content.chunks)
            self._database.executemany(
                "INSERT INTO chunks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                [
                    (first_id + position, file_id, position, chunk.name, chunk.qualified, chunk.kind.value,
                     chunk.start_line, chunk.end_line, chunk.signature, chunk.docstring, chunk.text,
                     None if chunk.parent is None else first_id + chunk.parent, digest)
                    for position, (chunk, digest) in enumerate(zip(content.chunks, digests, strict=True))
                ],
            )  # fmt: skip
            path_words = " ".join(self._split(content.path))
            self._database.executemany(
                "INSERT INTO words(rowid, name, path, signature, docstring, body) VALUES (?,?,?,?,?,?)",
                [
                    (first_id + position, *self._words(chunk, path_words))
                    for position, chunk in enumerate(content.chunks)
                ],
            )
            self._database.executemany(
                "INSERT INTO refs VALUES (?,?,?,?)",
                [
                    (first_id + position, one.name, one.use.value, one.qualifier)
                    for position, chunk in enumerate(content.chunks)
                    for one in chunk.references
                ],
            )
            self._database.executemany(
                "INSERT INTO imports VALUES (?,?,?,?)",
                [(file_id, one.module, one.name, one.alias) for one in content.imports],
            )

    def remove(self, paths: Sequence[str]) -> None:
        """Forget files, known or not."""
        with self.transaction():
            for path in paths:
                self._forget(path)

    def stamps(self) -> dict[str, Stamp]:
        """Of every file in the index."""
        with in_words(self.path):
            rows = self._database.execute("SELECT path, num_bytes, modified_ns FROM files")
            return {path: Stamp(num_bytes, modified_ns) for path, num_bytes, modified_ns in rows}

    def knows(self, path: str) -> bool:
        """Whether the file is in the index."""
        with in_words(self.path):
            return self._database.execute("SELECT 1 FROM files WHERE path = ?", (path,)).fetchone() is not None

    def num_files(self) -> int:
        with in_words(self.path):
            return int(self._database.execute("SELECT count(*) FROM files").fetchone()[0])

    def below(self, folder: str) -> list[str]:
        """The files in the index that lie in ``folder``."""
        with in_words(self.path):
            query = "SELECT path FROM files WHERE substr(path, 1, ?) = ?"
            return [path for (path,) in self._database.execute(query, (len(folder) + 1, folder + "/"))]

    def missing_vectors(self, limit: int) -> list[tuple[bytes, StoredChunk]]:
        """Digests that have no vector, each with one chunk of it; those of the files changed last come first."""
        with in_words(self.path):
            query = """
                SELECT c.digest, min(c.id) FROM chunks c JOIN files f ON f.id = c.file_id
                WHERE c.digest NOT IN (SELECT digest FROM vectors)
                GROUP BY c.digest ORDER BY max(f.modified_ns) DESC, min(c.id) LIMIT ?"""
            found = self._database.execute(query, (limit,)).fetchall()
            marks = ",".join("?" * len(found))
            chunks = stored_chunks(self._database, f"WHERE c.id IN ({marks})", [chunk_id for _, chunk_id in found])
            by_id = {chunk.id: chunk for chunk in chunks}
            return [(digest, by_id[chunk_id]) for digest, chunk_id in found]

    def num_missing_vectors(self) -> int:
        """How many digests have none."""
        with in_words(self.path):
            query = "SELECT count(DISTINCT digest) FROM chunks WHERE digest NOT IN (SELECT digest FROM vectors)"
            return int(self._database.execute(query).fetchone()[0])

    def put_vectors(self, pairs: Sequence[tuple[bytes, npt.NDArray[np.float16]]]) -> None:
        """Vectors by digest; all of an index have one length."""
        with self.transaction():
            rows = [(digest, vector.astype("<f2").tobytes()) for digest, vector in pairs]
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?,?)", rows)

    def use_encoder(self, fingerprint: str) -> None:
        """What makes the vectors from now on; those of another one are dropped."""
        with self.transaction():
            if self.meta(_ENCODER) != fingerprint:
                self._database.execute("DELETE FROM vectors")
                self.set_meta(_ENCODER, fingerprint)

    def drop_unused_vectors(self) -> None:
        """Those of chunks that are no more."""
        with self.transaction():
            self._database.execute("DELETE FROM vectors WHERE digest NOT IN (SELECT digest FROM chunks)")

    def mark_words_complete(self, is_complete: bool) -> None:
        """Whether a whole scan has come to its end since the index was begun."""
        self.set_meta(_COMPLETE, "1" if is_complete else "0")

    def meta(self, key: str) -> str | None:
        with in_words(self.path):
            row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        with self.transaction():
            self._database.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))

    def check_room(self) -> None:
        """Raises ``IndexFull`` where only what saved files need is left of the space that the index may take."""
        with in_words(self.path):
            num_pages, num_free, max_pages = (
                int(self._database.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "max_page_count")
            )
        if num_pages - num_free > _SCANNED_SHARE * max_pages:
            raise full(self.path)

    def rest(self) -> None:
        """Give back the memory in which pages are kept: nothing is written for a while."""
        with in_words(self.path):
            self._database.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        with in_words(self.path):
            self._database.close()

    def _forget(self, path: str) -> None:
        row = self._database.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        if row is None:
            return
        of_file = "IN (SELECT id FROM chunks WHERE file_id = ?)"
        self._database.execute(f"DELETE FROM words WHERE rowid {of_file}", row)
        self._database.execute(f"DELETE FROM refs WHERE chunk_id {of_file}", row)
        self._database.execute("DELETE FROM chunks WHERE file_id = ?", row)
        self._database.execute("DELETE FROM imports WHERE file_id = ?", row)
        self._database.execute("DELETE FROM files WHERE id = ?", row)

    def _words(self, chunk: Chunk, path_words: str) -> tuple[str, str, str, str, str]:
        name, signature, docstring, body = (
            " ".join(self._split(text)) for text in (chunk.qualified, chunk.signature, chunk.docstring, chunk.text)
        )
        return name, path_words, signature, docstring, body


def delete_files(folder: Path) -> None:
    """Delete the database in ``folder`` and what SQLite keeps beside it. Raises ``OSError``."""
    for ending in ("", "-wal", "-shm", "-journal"):
        (folder / (FILE_NAME + ending)).unlink(missing_ok=True)


def _prepared(path: Path, max_mb: int) -> sqlite3.Connection:
    with in_words(path):
        database = connect(path, may_write=True)
        try:
            prepare(database, max_mb)
        except BaseException:
            database.close()
            raise
        return database
