"""Standard output with a thread of its own, so that an editor that does not read holds nothing else up."""

from __future__ import annotations

import os
import queue
import threading


class Outlet:
    """Writes in the order of asking; what nobody reads any more is dropped."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._to_write: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="fimble-stdout", daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> None:
        """Write soon."""
        self._to_write.put(data)

    def close(self, timeout_s: float) -> None:
        """Write what is left, for so long at most."""
        self._to_write.put(None)
        self._thread.join(timeout_s)

    def _write(self) -> None:
        while (data := self._to_write.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._fd, view) :]
            except OSError:
                return
