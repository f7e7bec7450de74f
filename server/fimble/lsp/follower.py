"""The process that keeps one folder's index: started, told what happens, started again when it fails, ended.

It is one of its own so that reading a workspace takes nothing from the process that answers keystrokes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

AGAIN_S = (1.0, 10.0, 60.0)
"""After each failure it is started again so much later, and after the last no more."""
_LINE_BYTES = 1 << 24
"""A line names every file that a checkout of another branch has changed."""
_END_S = 0.5
"""An index is whole at any moment, so its process may be killed, too."""
IS_HOME = "home"
"""The ``code`` of a problem: the folder is so wide that a person has to be asked first."""

Line = dict[str, Any]


class Follower:
    """One process for one folder. Used on the event loop's thread; raises nothing."""

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        on_line: Callable[[Line], None],
        delays_s: tuple[float, ...] = AGAIN_S,
    ) -> None:
        """``environ`` lies over this process's own; ``on_line`` is handed what the process says."""
        self.root = root
        self._environ = {**os.environ, **environ}
        self._on_line = on_line
        self._delays_s = delays_s
        self._process: asyncio.subprocess.Process | None = None
        self._running: asyncio.Task[None] | None = None
        self._first_orders: list[Line] = []

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        is_running = self._process is not None and self._process.returncode is None
        return self._process.pid if is_running and self._process else None

    def start(self, orders: list[Line], is_allowed: bool = False) -> None:
        """Begin to follow; each process is first told ``orders``. ``is_allowed``: though the folder is so wide."""
        self._first_orders = orders
        self._running = asyncio.ensure_future(self._run(["--yes"] if is_allowed else []))

    def tell(self, order: Line) -> None:
        """Pass on what happened. Where no process runs it is lost: one that starts looks at everything anyway."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None or process.stdin.is_closing():
            return
        process.stdin.write(json.dumps(order).encode() + b"\n")

    async def close(self) -> None:
        """End the process, and wait until it has ended."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _run(self, options: list[str]) -> None:
        for delay_s in (*self._delays_s, None):
            code = await self._follow(options)
            if code is None or code == 0:
                return
            logger.warning("The process that keeps the index of %s ended with %d", self.root, code)
            if delay_s is None:
                self._on_line({"problem": f"The index of {self.root} is not kept any more: its process fails."})
                return
            await asyncio.sleep(delay_s)

    async def _follow(self, options: list[str]) -> int | None:
        """Start a process and listen to it until it ends. Its exit code; ``None`` where starting again is no use."""
        command = [sys.executable, "-P", "-m", "fimble", "index", str(self.root), "--follow", *options]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=self._environ,
                limit=_LINE_BYTES,
            )
        except OSError as error:
            self._on_line({"problem": f"The index of {self.root} cannot be kept: {error}."})
            return None
        self._process = process
        try:
            for order in self._first_orders:
                self.tell(order)
            return await self._listen(process)
        finally:
            await _end(process)

    async def _listen(self, process: asyncio.subprocess.Process) -> int | None:
        assert process.stdout is not None
        is_asking = False
        try:
            async for data in process.stdout:
                line = _read(data)
                is_asking |= line.get("code") == IS_HOME
                self._on_line(line)
        except ValueError:
            logger.warning("The process that keeps the index of %s says too much at once", self.root)
        code = await process.wait() if process.stdout.at_eof() else 1
        return None if is_asking else code


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
