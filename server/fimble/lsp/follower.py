"""The process that keeps the indexes: started, told what happens, started again when it fails, ended.

It is one of its own so that reading a workspace takes nothing from the process that answers keystrokes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from typing import Any

logger = logging.getLogger(__name__)

AGAIN_S = (1.0, 10.0, 60.0)
"""After each failure it is started again so much later, and after the last no more."""
_STEADY_S = 600.0
"""Failures before a process that ran so long are forgotten."""
_LINE_BYTES = 1 << 24
"""A line names every file that a checkout of another branch has changed."""
_END_S = 0.5
"""An index is whole at any moment, so its process may be killed, too."""
_MALLOC = {"MALLOC_ARENA_MAX": "2"}
"""Its threads share their memory, so that what one of them has freed another uses."""

Line = dict[str, Any]


class Follower:
    """One process for all folders. Used on the event loop's thread; raises nothing."""

    def __init__(
        self,
        first_orders: Callable[[], Iterable[Line]],
        on_line: Callable[[Line], None],
        environ: Mapping[str, str] | None = None,
        delays_s: tuple[float, ...] = AGAIN_S,
    ) -> None:
        """Each process is told ``first_orders()`` first; ``on_line`` is handed what it says.

        ``environ`` lies over this process's own.
        """
        self._first_orders, self._on_line = first_orders, on_line
        self._environ = {**os.environ, **_MALLOC, **(environ or {})}
        self._delays_s = delays_s
        self._process: asyncio.subprocess.Process | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        is_running = self._process is not None and self._process.returncode is None
        return self._process.pid if is_running and self._process else None

    @property
    def is_at_work(self) -> bool:
        """Whether a process runs or will be started again."""
        return self._running is not None and not self._running.done()

    def start(self) -> None:
        """Begin to follow, unless it is at work."""
        if not self.is_at_work:
            # it outlives the session that happens to begin it, and must hold on to nothing of it, nor log for it
            self._running = asyncio.get_running_loop().create_task(self._run(), context=Context())

    def tell(self, order: Line) -> None:
        """Pass on what happened. Where no process runs it is lost: one that starts is told all that it must know."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None or process.stdin.is_closing():
            return
        process.stdin.write(json.dumps(order).encode() + b"\n")

    async def close(self) -> None:
        """End the process, and wait until it has ended."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def _run(self) -> None:
        delays_s = iter(self._delays_s)
        while True:
            begun_s = asyncio.get_running_loop().time()
            problem = await self._follow()
            logger.warning("The process that keeps the indexes: %s", problem)
            if asyncio.get_running_loop().time() - begun_s >= _STEADY_S:
                delays_s = iter(self._delays_s)
            if (delay_s := next(delays_s, None)) is None:
                self._on_line({"problem": f"The workspace's index is not kept any more: {problem}."})
                return
            await asyncio.sleep(delay_s)

    async def _follow(self) -> str:
        """Start a process and listen to it until it ends; how that came."""
        command = [sys.executable, "-P", "-m", "fimble", "index", "--follow"]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=self._environ,
                limit=_LINE_BYTES,
            )
        except OSError as error:
            return f"its process cannot be started ({error})"
        self._process = process
        try:
            for order in self._first_orders():
                self.tell(order)
            return await self._listen(process)
        finally:
            await _end(process)

    async def _listen(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        try:
            async for data in process.stdout:
                self._on_line(_read(data))
        except ValueError:
            return "its process says too much at once"
        return f"its process fails (exit code {await process.wait()})"


def _read(data: bytes) -> Line:
    """A line of the process; empty where it means nothing."""
    try:
        line = json.loads(data)
    except ValueError:
        line = None
    if not isinstance(line, dict):
        logger.info("Of the index's process: %r", data[:200])
        return {}
    return line


async def _end(process: asyncio.subprocess.Process) -> None:
    """The end of its input ends it; whatever does not hear that is killed."""
    if process.stdin is not None:
        process.stdin.close()
    waiting = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait((waiting,), timeout=_END_S)
    finally:
        waiting.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
