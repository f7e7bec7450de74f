"""Where a daemon is come to: the socket at its address, open as long as it holds the lock of life."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable

from fimble.daemon.address import Address, is_there, make_private
from fimble.daemon.hello import MAX_LINE_BYTES
from fimble.daemon.locking import Lock
from fimble.errors import DaemonUnavailable

_BACKLOG = 128

OnGuest = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Door:
    """Opened once and closed once."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._life = Lock(address.life_lock)
        self._server: asyncio.Server | None = None
        self._inode = 0

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self, on_guest: OnGuest) -> bool:
        """Let guests in; false where another daemon lives. Raises ``DaemonUnavailable``."""
        make_private(self.address.folder)
        if not self._life.acquire():
            return False
        try:
            self._life.sign(os.getpid())
            self._server = await asyncio.start_unix_server(on_guest, sock=self._listen(), limit=MAX_LINE_BYTES)
        except OSError as error:
            self._life.release()
            raise DaemonUnavailable(
                f"{self.address.socket} cannot be listened at: {error.strerror or error}.", "Check FIMBLE_HOME."
            ) from error
        return True

    def close(self) -> None:
        """Listen no more, so that another daemon can; who waits at the door is sent away and looks again."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        with contextlib.suppress(OSError):
            if self.address.socket.lstat().st_ino == self._inode:
                self.address.socket.unlink()
        self._life.release()

    def is_reachable(self) -> bool:
        """Whether the socket at the address is ours. On any thread."""
        try:
            return self.address.socket.lstat().st_ino == self._inode
        except OSError:
            return False

    def has_successor(self, timeout_s: float) -> bool:
        """Whether another daemon listens already, after ours is closed."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
            talk.settimeout(timeout_s)
            try:
                talk.connect(os.fspath(self.address.socket))
            except OSError:
                return False
        return True

    def _listen(self) -> socket.socket:
        """Holding the lock of life, so whatever socket is there belongs to nobody."""
        path = self.address.socket
        if is_there(path):
            path.unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(os.fspath(path))
            path.chmod(0o600)
            listening.listen(_BACKLOG)
        except BaseException:
            listening.close()
            raise
        self._inode = path.stat().st_ino
        return listening
