"""Standard input and output as a connection.

The real descriptors are taken away first, and standard output then leads to standard
error: a stray ``print``, from Python or from native code, cannot break the protocol.
Reading and writing have a thread each, so that neither a silent nor a slow editor
holds up the event loop.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator

_READ_BYTES = 1 << 20
_DRAIN_S = 0.5


class StdioConnection:
    """The editor at the other end of two pipes."""

    def __init__(self, in_fd: int, out_fd: int) -> None:
        self._in_fd = in_fd
        self._out_fd = out_fd
        self._received: asyncio.Queue[bytes] = asyncio.Queue()
        self._to_write: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="fimble-stdin", daemon=True).start()
        self._writer = threading.Thread(target=self._write, name="fimble-stdout", daemon=True)
        self._writer.start()

    async def chunks(self) -> AsyncIterator[bytes]:
        """What the editor sends, until it closes its end."""
        while data := await self._received.get():
            yield data

    def write(self, data: bytes) -> None:
        """Send ``data`` soon; what nobody reads any more is dropped."""
        self._to_write.put(data)

    async def close(self) -> None:
        """Send what is left, for a moment at most."""
        self._to_write.put(None)
        await asyncio.to_thread(self._writer.join, _DRAIN_S)

    def _read(self) -> None:
        data = b"."
        while data:
            try:
                data = os.read(self._in_fd, _READ_BYTES)
            except OSError:
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._received.put_nowait, data)
            except RuntimeError:
                return

    def _write(self) -> None:
        while (data := self._to_write.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._out_fd, view) :]
            except OSError:
                return


def take_stdio() -> tuple[int, int]:
    """The real input and output, now out of reach of everything else in the process."""
    sys.stdout.flush()
    in_fd, out_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return in_fd, out_fd
