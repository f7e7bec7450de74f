"""Two processes of one user meet at a socket: each makes sure who the other is, then they exchange a line."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass

from fimble.daemon import address as addresses
from fimble.daemon.address import Address
from fimble.daemon.hello import MAX_LINE_BYTES, Hello, Reply, read_reply, to_line
from fimble.errors import DaemonUnavailable

_READ_BYTES = 1 << 16
_UCRED = struct.Struct("3i")
_END_S = 5.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Met:
    """A daemon that has answered."""

    socket: socket.socket
    """Blocking; yours to close."""
    reply: Reply
    rest: bytes
    """What came behind the answer."""
    pid: int
    """As the system knows it; 0 where it does not tell."""


class Frozen(Exception):
    """It listens, and says nothing. ``pid`` as the system knows it; 0 where it does not tell."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"process {pid}")
        self.pid = pid


def meet(address: Address, hello: Hello, timeout_s: float) -> Met | None:
    """Greet whoever listens at ``address``; nothing where nobody does, or where it left meanwhile.

    Raises ``Frozen`` where no answer comes in ``timeout_s``, and ``DaemonUnavailable`` where the address is
    another user's or the answer is none.
    """
    if not addresses.is_there(address.socket):
        return None
    talk = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        talk.settimeout(timeout_s)
        try:
            _connect(talk, os.fspath(address.socket), timeout_s)
        except (FileNotFoundError, ConnectionRefusedError):
            talk.close()
            return None
        pid = peer_of(talk, str(address.socket))
        try:
            talk.sendall(to_line(hello))
            line, rest = _line(talk, timeout_s)
        except TimeoutError as error:
            raise Frozen(pid) from error
        except ConnectionError:
            line, rest = b"", b""
        if not line:
            talk.close()
            return None
        try:
            reply = read_reply(line)
        except ValueError as error:
            raise DaemonUnavailable(
                f"Process {pid} at {address.socket} is no daemon of fimble's: {error}.", "End it."
            ) from error
        talk.settimeout(None)
    except OSError as error:
        talk.close()
        raise DaemonUnavailable(f"{address.socket} cannot be used: {error.strerror or error}.") from error
    except BaseException:
        talk.close()
        raise
    return Met(talk, reply, rest, pid)


def peer_of(talk: socket.socket, what: str) -> int:
    """The process at the other end, 0 where the system does not tell.

    Raises ``DaemonUnavailable`` where it is another user's.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    pid, uid, _ = _UCRED.unpack(talk.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    if uid != os.geteuid():
        raise DaemonUnavailable(
            f"At {what} another user's process answers (user {uid}), so what is typed is not sent there.",
            "Set FIMBLE_HOME to a folder of your own.",
        )
    return int(pid)


def end(pid: int) -> bool:
    """Kill a process that does not answer; whether it has ended. It must be this user's."""
    if pid <= 1 or pid == os.getpid():
        return False
    try:
        return _end_by_handle(pid) if sys.platform == "linux" else _end_by_number(pid)
    except ProcessLookupError:
        return True
    except OSError:
        return False


def _end_by_handle(pid: int) -> bool:
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        ended, _, _ = select.select([handle], [], [], _END_S)
        return bool(ended)
    finally:
        os.close(handle)


def _end_by_number(pid: int) -> bool:
    os.kill(pid, signal.SIGKILL)
    deadline_s = time.monotonic() + _END_S
    while time.monotonic() < deadline_s:
        os.kill(pid, 0)
        time.sleep(_POLL_S)
    return False


def _connect(talk: socket.socket, path: str, timeout_s: float) -> None:
    """Raises ``OSError``, and ``Frozen`` where so many wait there already that there is no place in ``timeout_s``."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            talk.connect(path)
            return
        except BlockingIOError as error:  # at once, whatever the socket's own timeout
            if time.monotonic() >= deadline_s:
                raise Frozen(0) from error
            time.sleep(_POLL_S)


def _line(talk: socket.socket, timeout_s: float) -> tuple[bytes, bytes]:
    """The first line, and what came behind it; an empty one where the other side left."""
    deadline_s = time.monotonic() + timeout_s
    data = b""
    while b"\n" not in data:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or len(data) > MAX_LINE_BYTES:
            raise TimeoutError
        talk.settimeout(left_s)
        more = talk.recv(_READ_BYTES)
        if not more:
            return b"", b""
        data += more
    line, _, rest = data.partition(b"\n")
    return line, rest
