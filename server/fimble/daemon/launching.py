"""Find the user's daemon, or start one: however many look at once, one comes of it."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fimble.daemon.address import Address, make_private
from fimble.daemon.hello import REFUSED, RETIRING, Hello
from fimble.daemon.locking import Lock, holder_of
from fimble.daemon.meeting import Frozen, Met, end, meet
from fimble.errors import DaemonUnavailable

HELLO_S = 10.0
"""Who listens and does not answer for so long is taken for frozen."""
START_S = 60.0
"""From the start of a daemon until it listens, on a busy machine."""
_MAX_LOG_BYTES = 1 << 20
_TAIL_BYTES = 2000
_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Start:
    """How a daemon is started."""

    command: tuple[str, ...]
    """``--ready N`` is added: the descriptor on which it says that it listens."""
    hello_s: float = HELLO_S
    start_s: float = START_S


def find(address: Address, hello: Hello, timeout_s: float = HELLO_S) -> Met | None:
    """The daemon that listens, nothing where none does. Raises ``DaemonUnavailable`` for one that must not be used."""
    try:
        return meet(address, hello, timeout_s)
    except Frozen as frozen:
        raise DaemonUnavailable(f"The daemon (process {frozen.pid}) does not answer.", "End it.") from frozen


def find_or_start(address: Address, hello: Hello, start: Start, on_note: Callable[[str], None] = lambda _: None) -> Met:
    """A daemon that serves. One that is frozen is ended first, and one that is older retires.

    ``on_note`` is told what had to be done. Raises ``DaemonUnavailable``.
    """
    make_private(address.folder)
    deadline_s = time.monotonic() + start.start_s
    while True:
        met = _served(address, hello, start, on_note)
        if met is not None:
            return met
        starting = Lock(address.start_lock)
        if starting.acquire(max(0.0, deadline_s - time.monotonic())):
            try:
                met = _served(address, hello, start, on_note)
                if met is not None:
                    return met
                _start(address, start.command, deadline_s)
            finally:
                starting.release()
        if time.monotonic() >= deadline_s:
            raise DaemonUnavailable(f"No daemon listened within {start.start_s:.0f} s.", f"{address.log} may say why.")
        time.sleep(_AGAIN_S)


def _served(address: Address, hello: Hello, start: Start, on_note: Callable[[str], None]) -> Met | None:
    """Whoever serves at ``address``; nothing where one has to be started."""
    try:
        met = meet(address, hello, start.hello_s)
    except Frozen as frozen:
        pid = frozen.pid or holder_of(address.life_lock)
        on_note(f"The daemon (process {pid}) does not answer; it is ended.")
        if not end(pid):
            raise DaemonUnavailable(f"The daemon (process {pid}) does not answer and cannot be ended.") from frozen
        return None
    if met is None:
        return None
    if met.reply.state == REFUSED:
        met.socket.close()
        raise DaemonUnavailable(f"The daemon of fimble {met.reply.version} refuses: {met.reply.why}")
    if met.reply.state == RETIRING:
        met.socket.close()
        on_note(f"The daemon of fimble {met.reply.version} makes way for {hello.version}.")
        return None
    return met


def _start(address: Address, command: Sequence[str], deadline_s: float) -> None:
    """Start a daemon, in a session of its own, and wait until it listens or finds that another one lives."""
    import subprocess

    log = _open_log(address.log)
    said, tell = os.pipe()
    try:
        try:
            process = subprocess.Popen(
                [*command, "--ready", str(tell)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(tell,),
                start_new_session=True,
            )
        except OSError as error:
            raise DaemonUnavailable(f"No daemon can be started: {error.strerror or error}.") from error
        os.close(tell)
        tell = -1
        answer = _read_all(said, deadline_s)
        process.wait()  # it has put another one in its place
    finally:
        for fd in (said, tell, log):
            if fd >= 0:
                os.close(fd)
    try:
        state = json.loads(answer)
    except ValueError:
        state = {}
    if not state.get("ready"):
        why = state.get("why") or _tail(address.log) or "it says nothing"
        raise DaemonUnavailable(f"The daemon that was started ended: {why}", f"{address.log} may say more.")


def _read_all(fd: int, deadline_s: float) -> bytes:
    """What is said until the other end is closed. Raises ``DaemonUnavailable`` when that takes too long."""
    data = b""
    while True:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or not select.select([fd], [], [], left_s)[0]:
            raise DaemonUnavailable("The daemon that was started does not listen in time.")
        more = os.read(fd, 4096)
        if not more:
            return data
        data += more


def _open_log(path: Path) -> int:
    """The log, to write at its end; what is longer than its limit is put aside first."""
    try:
        if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


def _tail(path: Path) -> str:
    """The last line of the log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""
