"""The proxy's way to a server: a daemon at the other end of a socket, or a process of its own behind two pipes."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from fimble.daemon.meeting import end
from fimble.errors import DaemonUnavailable

if TYPE_CHECKING:
    import subprocess

_READ_BYTES = 1 << 18


class Link(Protocol):
    """Bytes from and to a server. Nothing here blocks."""

    read_fd: int
    write_fd: int

    def finish(self) -> None:
        """No more will be sent."""

    def close(self) -> None: ...

    def kill(self) -> None:
        """End a server that does not answer."""


def read(link: Link) -> bytes | None:
    """What has come; empty at the end, ``None`` where nothing has."""
    try:
        return os.read(link.read_fd, _READ_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def write(link: Link, data: bytes | bytearray) -> int:
    """How many bytes were taken; what a server that is gone does not take counts as taken: reading tells of its end."""
    try:
        return os.write(link.write_fd, data)
    except BlockingIOError:
        return 0
    except OSError:
        return len(data)


class ToDaemon:
    """Over the socket of a daemon that has been met."""

    def __init__(self, talk: socket.socket, pid: int) -> None:
        talk.setblocking(False)
        self._talk, self.pid = talk, pid
        self.read_fd = self.write_fd = talk.fileno()

    def finish(self) -> None:
        try:
            self._talk.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        self._talk.close()

    def kill(self) -> None:
        end(self.pid)


class ToChild:
    """To a server that serves this editor alone, where no daemon can be had."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._is_finished = process, False
        self._stdin, self._stdout = process.stdin, process.stdout
        self.read_fd, self.write_fd = process.stdout.fileno(), process.stdin.fileno()
        for fd in (self.read_fd, self.write_fd):
            os.set_blocking(fd, False)

    def finish(self) -> None:
        self._stdin.close()

    def close(self) -> None:
        self._stdin.close()
        self._stdout.close()
        self._process.poll()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def start_child(command: Sequence[str]) -> ToChild:
    """Raises ``DaemonUnavailable`` where not even that can be started."""
    import subprocess

    try:
        process = subprocess.Popen([*command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    except OSError as error:
        raise DaemonUnavailable(f"No server can be started: {error.strerror or error}.") from error
    return ToChild(process)
