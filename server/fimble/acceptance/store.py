"""Where acceptance is counted: one small database on this machine, never sent anywhere.

It holds numbers, language ids and model names; no text, no file name. Several servers
may write at the same time (SQLite's write-ahead log). A damaged file is put aside and
a fresh one begun: counting must never keep anybody from working.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from fimble.acceptance.records import Ending, Record, Surface
from fimble.errors import AcceptanceUnavailable

KEPT_DAYS = 90
_DAY_S = 86_400
_BUSY_MS = 2000
_VERSION = 1
_TABLE = """CREATE TABLE IF NOT EXISTS suggestions (
    time_s INTEGER NOT NULL, model TEXT NOT NULL, surface TEXT NOT NULL, language TEXT NOT NULL, ending TEXT NOT NULL,
    num_chars INTEGER NOT NULL, num_accepted_chars INTEGER NOT NULL, confidence REAL NOT NULL, latency_ms REAL NOT NULL,
    kept_share REAL)"""
_COLUMNS = "time_s, model, surface, language, ending, num_chars, num_accepted_chars, confidence, latency_ms, kept_share"
_NOT_A_NAME = re.compile(r"[^\w+#.-]")
_MAX_NAME_CHARS = 40
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it is stored: with the time (s since the epoch) and the model."""

    time_s: int
    model: str
    record: Record


class Store:
    """The database in ``folder``, opened for each call and no longer."""

    def __init__(self, folder: Path, warn: Callable[[str], None] = lambda _: None) -> None:
        """``warn`` is told when a damaged file was put aside."""
        self.path = folder / "acceptance.db"
        self._warn = warn

    def add(self, records: Sequence[Record], model: str, now_s: float | None = None) -> None:
        """Count ``records``, and forget those older than ``KEPT_DAYS``. Raises ``AcceptanceUnavailable``."""
        time_s = int(time.time() if now_s is None else now_s)
        rows = [
            (
                time_s,
                _name(model),
                record.surface.value,
                _name(record.language),
                record.ending.value,
                *astuple(record)[3:],
            )
            for record in records
        ]
        with self._open() as database:
            database.execute("DELETE FROM suggestions WHERE time_s < ?", (time_s - KEPT_DAYS * _DAY_S,))
            database.executemany(f"INSERT INTO suggestions ({_COLUMNS}) VALUES ({','.join('?' * 10)})", rows)

    def read(self, since_s: float = 0, limit: int = -1) -> list[Row]:
        """The newest ``limit`` rows (all if negative) since a time, newest first. Raises ``AcceptanceUnavailable``."""
        if not self.path.exists():
            return []
        order = "ORDER BY time_s DESC, rowid DESC LIMIT ?"
        query = f"SELECT {_COLUMNS} FROM suggestions WHERE time_s >= ? {order}"
        with self._open() as database:
            return [_row(values) for values in database.execute(query, (since_s, limit))]

    @property
    def has_files(self) -> bool:
        """Whether there is anything to delete."""
        return any(self.path.parent.glob("acceptance*"))

    def delete(self) -> None:
        """Forget everything, damaged files that were put aside included. Raises ``AcceptanceUnavailable``."""
        try:
            for file in self.path.parent.glob("acceptance*"):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise AcceptanceUnavailable(f"{self.path.parent} cannot be emptied ({error}).") from error

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A transaction; a damaged file is replaced before it begins or, found out later, for the next one."""
        try:
            try:
                database = self._connect()
            except sqlite3.DatabaseError as error:
                if not self._put_aside(error):
                    raise
                database = self._connect()
            with contextlib.closing(database), database:
                yield database
        except (sqlite3.Error, OSError, ValueError) as error:
            self._put_aside(error)
            raise AcceptanceUnavailable(f"{self.path} cannot be used ({error}).") from error

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self.path, timeout=_BUSY_MS / 1000)
        try:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                raise AcceptanceUnavailable(
                    f"{self.path} was written by another version of fimble.", "`fimble stats --delete` begins anew."
                )
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(_TABLE)
            database.execute(f"SELECT {_COLUMNS} FROM suggestions LIMIT 1")
            database.execute(f"PRAGMA user_version = {_VERSION}")
            database.commit()
        except BaseException:
            database.close()
            raise
        return database

    def _put_aside(self, error: Exception) -> bool:
        """Move a damaged file away. Returns false when that is not what is wrong, or it does not work."""
        if not isinstance(error, sqlite3.DatabaseError) or getattr(error, "sqlite_errorcode", 0) not in _DAMAGED:
            return False
        aside = self.path.with_name("acceptance.damaged.db")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
            for ending in ("-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            self._warn(f"The acceptance counts were damaged; they lie in {aside} and counting begins anew.")
            return True
        return False


def _name(text: str) -> str:
    return _NOT_A_NAME.sub("", text)[:_MAX_NAME_CHARS]


def _row(values: Sequence[object]) -> Row:
    """A row as read; raises ``ValueError`` for one that no version wrote."""
    time_s, model, surface, language, ending, num_chars, num_accepted_chars, confidence, latency_ms, kept_share = values
    numbers = (time_s, num_chars, num_accepted_chars, confidence, latency_ms)
    if not all(isinstance(number, int | float) for number in numbers):
        raise ValueError("a number is missing")
    if kept_share is not None and not isinstance(kept_share, float):
        raise ValueError("the kept share is no number")
    whole_s, num_all, num_taken, sure, waited_ms = (float(str(number)) for number in numbers)
    record = Record(
        Surface(surface), str(language), Ending(ending), int(num_all), int(num_taken), sure, waited_ms, kept_share
    )
    return Row(int(whole_s), str(model), record)
