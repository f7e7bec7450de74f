"""Work in idle time: what the next keystrokes will need, done while nobody waits for the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor

from fimble.engine.base import CancelToken
from fimble.errors import EngineError
from fimble.text import Cursor

logger = logging.getLogger(__name__)

LONGEST_S = 10.0
"""Whatever is left to do, nothing begins so long after the last answer: an idle editor costs nothing."""

Step = Callable[[Cursor, CancelToken], bool]
"""One piece of work for a cursor; false when nothing is left to do. On the engine's thread."""


class Idle:
    """Steps, one after another, for the place that was answered last; it ends when nothing is left.

    Used on the event loop's thread only.
    """

    def __init__(self, engine_thread: Executor, step: Step) -> None:
        self._engine_thread, self._usual_step = engine_thread, step
        self._step = step
        self._cursor: Cursor | None = None
        self._end_s = 0.0
        self._cancel = CancelToken()
        self._running: asyncio.Task[None] | None = None

    def after(self, cursor: Cursor, step: Step | None = None) -> None:
        """``cursor`` has been answered: prepare what may come next there, by the usual steps or those of ``step``."""
        self._cursor, self._step = cursor, step or self._usual_step
        self._end_s = asyncio.get_running_loop().time() + LONGEST_S
        if self._running is None or self._running.done():
            self._cancel = CancelToken()
            self._running = asyncio.ensure_future(self._run())

    def give_way(self) -> None:
        """A person waits for the engine: stop, within milliseconds."""
        self._cursor = None
        self._cancel.cancel()
        self._running = None

    def forget(self, uri: str) -> None:
        """The document is closed."""
        if self._cursor is not None and self._cursor.snapshot.uri == uri:
            self.give_way()

    async def _run(self) -> None:
        cancel, loop = self._cancel, asyncio.get_running_loop()
        while not cancel.cancelled and self._cursor is not None and loop.time() < self._end_s:
            cursor, step = self._cursor, self._step
            try:
                has_more = await loop.run_in_executor(self._engine_thread, _one_step, step, cursor, cancel)
            except (RuntimeError, asyncio.CancelledError):
                return
            if not has_more and cursor is self._cursor:
                return


def _one_step(step: Step, cursor: Cursor, cancel: CancelToken) -> bool:
    if cancel.cancelled:
        return False
    try:
        return step(cursor, cancel)
    except EngineError:
        return False
    except Exception:
        logger.exception("Work in idle time failed")
        return False
