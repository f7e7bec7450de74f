"""The daemon's log: a file that does not grow without end; and for each session the lines that are its own.

A line is in one place only: what a session is told, its editor keeps.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

MAX_BYTES = 1 << 20
_LOOK_EVERY = 100
_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_session: ContextVar[SessionLog | None] = ContextVar("session", default=None)


class SessionLog:
    """Where the lines of one session go."""

    def __init__(self, level: int, on_line: Callable[[str], None]) -> None:
        """``on_line`` is called on any thread."""
        self.level, self.on_line = level, on_line


def follow(log: SessionLog) -> None:
    """From now on, what this task or thread logs, and tasks that it starts, goes to ``log`` too."""
    _session.set(log)


def begin(path: Path) -> None:
    """Log to standard error, which is the file at ``path``: warnings, and what the daemon itself does."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    for handler in (_ToFile(path), _ToSession()):
        handler.setFormatter(logging.Formatter(_FORM))
        root.addHandler(handler)
    # pygls logs every message, source code and all, and a traceback for each invalid one.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def level_of(name: str) -> int:
    """The level of that name; that of warnings where there is none."""
    return logging.getLevelNamesMapping().get(name.upper(), logging.WARNING)


class _ToFile(logging.Handler):
    """Writes to standard error, and puts the file aside when it has become long."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, self._num_lines = path, 0

    def emit(self, record: logging.LogRecord) -> None:
        least = logging.INFO if record.name.startswith("fimble.daemon") else logging.WARNING
        if record.levelno < least or _session.get() is not None:
            return
        try:
            print(self.format(record), file=sys.stderr, flush=True)
        except (OSError, ValueError):  # a full disk, say: nobody who logs may fail over it
            return
        self._num_lines += 1
        if self._num_lines % _LOOK_EVERY == 0:
            self._shorten()

    def _shorten(self) -> None:
        try:
            if self._path.stat().st_size <= MAX_BYTES:
                return
            self._path.replace(self._path.with_suffix(".old.log"))
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:
            return
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        os.close(fd)


class _ToSession(logging.Handler):
    """Hands a line to the session that it is about."""

    def emit(self, record: logging.LogRecord) -> None:
        log = _session.get()
        if log is not None and record.levelno >= log.level:
            log.on_line(self.format(record))
