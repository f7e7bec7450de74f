"""A file that one process at a time holds; the system frees it when its holder dies, however."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from fimble.errors import DaemonUnavailable

_POLL_S = 0.02


class Lock:
    """Held from ``acquire`` until ``release`` or the end of the process. Not passed on to children."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def acquire(self, timeout_s: float = 0.0) -> bool:
        """Whether it is held now; waits for another holder so long. Raises ``DaemonUnavailable`` where none can be."""
        deadline_s = time.monotonic() + timeout_s
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DaemonUnavailable(f"{self.path} cannot be used: {error.strerror}.", "Check FIMBLE_HOME.") from error
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline_s:
                    os.close(fd)
                    return False
                time.sleep(_POLL_S)
            except OSError as error:
                os.close(fd)
                raise DaemonUnavailable(f"{self.path} cannot be locked: {error.strerror}.") from error
            else:
                self._fd = fd
                return True

    def sign(self, pid: int) -> None:
        """Write down who holds it."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, str(pid).encode(), 0)

    def release(self) -> None:
        """Let others have it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def holder_of(path: Path) -> int:
    """The process that holds the lock, as it signed; 0 where nobody does or did."""
    lock = Lock(path)
    try:
        if lock.acquire():
            lock.release()
            return 0
        return int(path.read_text(encoding="ascii"))
    except (DaemonUnavailable, OSError, ValueError):
        return 0
