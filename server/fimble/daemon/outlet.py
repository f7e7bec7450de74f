"""Standard output: written at once where it takes that, else on a thread, so that an idle editor holds nothing up.

The descriptor is never made non-blocking, as others may share what it stands for.
"""

from __future__ import annotations

import os
import queue
import select
import threading

_SURE_BYTES = 4096
"""What a pipe takes for certain where it takes anything (``PIPE_BUF``)."""


class Outlet:
    """Writes in the order of asking; what nobody reads any more is dropped. Used on one thread."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        self._to_write: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._num_queued = 0
        self._thread: threading.Thread | None = None

    def put(self, data: bytes) -> None:
        """Write now, or soon."""
        if self._num_queued == 0:  # only this thread adds, so nothing can come in between
            data = self._write_now(data)
        if data:
            with self._lock:
                self._num_queued += 1
            self._to_write.put(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="fimble-stdout", daemon=True)
                self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Write what is left, for so long at most."""
        if self._thread is not None:
            self._to_write.put(None)
            self._thread.join(timeout_s)

    def _write_now(self, data: bytes) -> bytes:
        """What is left of ``data`` after as much as can be written without waiting."""
        try:
            while data and any(event & select.POLLOUT for _, event in self._poll.poll(0)):
                data = data[os.write(self._fd, data[:_SURE_BYTES]) :]
        except OSError:
            return b""
        return data

    def _write(self) -> None:
        while (data := self._to_write.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._fd, view) :]
            except OSError:
                pass  # nobody reads any more
            with self._lock:
                self._num_queued -= 1
