"""How an index lies in its SQLite file: tables, version, and what SQLite's errors mean to a person.

SQLite ships with Python, is one file, survives a killed process, and its FTS5 keeps a BM25 index in the same
transaction as the chunks that it finds.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fimble.errors import FimbleError, IndexDamaged, IndexFull, IndexUnavailable

VERSION = 2
"""Raise it when a table changes, or what is written into one; an index of another version is built anew."""
FILE_NAME = "index.db"
_BUSY_S = 5.0
_PAGE_BYTES = 4096
_CACHE_KIB = 16384

_TABLES = """
CREATE TABLE files(
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, language TEXT NOT NULL, num_lines INTEGER NOT NULL,
    num_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL);
CREATE TABLE chunks(
    id INTEGER PRIMARY KEY AUTOINCREMENT, file_id INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
    qualified TEXT NOT NULL, kind TEXT NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
    signature TEXT NOT NULL, docstring TEXT NOT NULL, text TEXT NOT NULL, parent_id INTEGER, digest BLOB NOT NULL);
CREATE INDEX chunks_name ON chunks(name);
CREATE INDEX chunks_file ON chunks(file_id);
CREATE INDEX chunks_digest ON chunks(digest);
CREATE TABLE refs(chunk_id INTEGER NOT NULL, name TEXT NOT NULL, use TEXT NOT NULL, qualifier TEXT NOT NULL);
CREATE INDEX refs_name ON refs(name);
CREATE INDEX refs_chunk ON refs(chunk_id);
CREATE TABLE imports(file_id INTEGER NOT NULL, module TEXT NOT NULL, name TEXT NOT NULL, alias TEXT NOT NULL);
CREATE INDEX imports_file ON imports(file_id);
CREATE VIRTUAL TABLE words USING fts5(
    name, path, signature, docstring, body, tokenize = "unicode61 remove_diacritics 2");
CREATE TABLE vectors(digest BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
"""A chunk's ids never come back for another chunk, and those of one file follow each other. A word's row is the
chunk's. A ``digest`` is what is embedded; chunks that say the same share a vector (float16)."""
_NAMES = tuple(re.findall(r"CREATE (?:VIRTUAL )?(?:TABLE|INDEX) (\w+)", _TABLES))


def connect(path: Path, may_write: bool) -> sqlite3.Connection:
    """A connection for any thread, one at a time. Only with ``may_write`` is a file created."""
    mode = "rwc" if may_write else "rw"  # a reader of a write-ahead log has to lock it, which `ro` cannot
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_S, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    try:
        if not may_write:
            database.execute("PRAGMA query_only = ON")
        database.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        database.close()
        raise
    return database


Identity = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """Which file lies at ``path``; ``None`` where there is none. One that is open keeps its identity for itself."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def version_of(database: sqlite3.Connection) -> int:
    """0 for a file in which nothing has been written."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def prepare(database: sqlite3.Connection, max_mb: int) -> None:
    """Make the tables in a new file and set what a writer needs; ``max_mb`` is the most that the file may take.

    Raises ``sqlite3.DatabaseError`` where the file is damaged, ``IndexDamaged`` for another version's.
    """
    version = version_of(database)
    if version not in (0, VERSION):
        raise IndexDamaged("The index was written by another version of fimble.")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    database.execute(f"PRAGMA journal_size_limit = {_CACHE_KIB * 1024}")
    database.execute(f"PRAGMA max_page_count = {max_mb * 2**20 // _PAGE_BYTES}")
    if version == 0:
        database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    _check(database)


def _check(database: sqlite3.Connection) -> None:
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise IndexDamaged(f"The index is damaged ({' '.join(str(verdict).split())}).")
    there = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    if missing := [name for name in _NAMES if name not in there]:
        raise IndexDamaged(f"The index is damaged (it lacks {', '.join(missing)}).")
    # the check above passes over what lies in the words' own tables
    database.execute("INSERT INTO words(words) VALUES ('integrity-check')")


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors at ``path`` into ``IndexUnavailable`` and those below it."""
    try:
        yield
    except FimbleError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise _told(path, error) from error


def full(path: Path) -> IndexFull:
    """What a person is told when the index at ``path`` may not grow any more."""
    return IndexFull(
        f"The index {path} cannot grow: the disk is full, or the index is as large as the option index_mb allows.",
        "Free some disk or raise index_mb; what is in the index already can still be searched.",
    )


def _told(path: Path, error: Exception) -> IndexUnavailable:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return full(path)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return IndexDamaged(f"The index {path} is damaged ({error}).", "`fimble index` builds it anew.")
    return IndexUnavailable(
        f"The index {path} cannot be used ({error}).",
        "Check the folder's permissions and the free disk, or set FIMBLE_HOME to another folder.",
    )
