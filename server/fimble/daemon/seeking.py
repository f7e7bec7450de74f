"""Gets a proxy its way to a server, on a thread of its own: a daemon's, or else a server for this editor alone."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from fimble.daemon.address import Address
from fimble.daemon.hello import Hello
from fimble.daemon.launching import Start, find_or_start
from fimble.daemon.link import Link, ToDaemon, start_child
from fimble.errors import DaemonUnavailable, FimbleError


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it."""

    link: Link | None
    """Nothing where no server can be had at all."""
    first: bytes = b""
    """What the server has said already."""
    problem: str = ""
    """Why it is no daemon's."""


class Seeking:
    """Looks for a server when asked to, one look at a time."""

    def __init__(
        self,
        address: Callable[[], Address],
        hello: Hello,
        start: Start,
        alone: tuple[str, ...],
        on_note: Callable[[str], None],
    ) -> None:
        """``alone``: what starts a server that serves one editor over standard input and output.

        ``on_note`` is told, on the thread, what had to be done.
        """
        self._address, self._hello, self._start, self._alone, self._on_note = address, hello, start, alone, on_note
        self._found: queue.SimpleQueue[Found] = queue.SimpleQueue()
        self.wake_fd, self._wake = os.pipe()
        """Readable when something was found."""
        os.set_blocking(self.wake_fd, False)
        os.set_blocking(self._wake, False)

    @property
    def signal_fd(self) -> int:
        """Written to, it makes ``wake_fd`` readable."""
        return self._wake

    def begin(self) -> None:
        """Look now."""
        threading.Thread(target=self._look, name="fimble-seeking", daemon=True).start()

    def take(self) -> Found | None:
        """What was found, once."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake_fd, 1 << 10)
        try:
            return self._found.get_nowait()
        except queue.Empty:
            return None

    def _look(self) -> None:
        try:
            found = self._daemon()
        except FimbleError as error:
            found = self._child(str(error))
        except Exception as error:  # noqa: BLE001 (whatever it is, the editor is served)
            found = self._child(f"{type(error).__name__}: {error}.")
        self._found.put(found)
        os.write(self._wake, b"!")

    def _daemon(self) -> Found:
        met = find_or_start(self._address(), self._hello, self._start, self._on_note)
        return Found(ToDaemon(met.socket, met.pid or met.reply.pid), met.rest)

    def _child(self, problem: str) -> Found:
        try:
            return Found(start_child(self._alone), problem=problem)
        except DaemonUnavailable as error:
            return Found(None, problem=f"{problem} {error}")
