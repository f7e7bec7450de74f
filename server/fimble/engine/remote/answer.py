"""An answer on its way, from the event loop that hears it to the thread that waits for it."""

from __future__ import annotations

import asyncio
import logging
import queue
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any

from fimble.engine.remote.wire import Delta
from fimble.errors import EndpointGarbled, EngineCancelled, FimbleError

logger = logging.getLogger(__name__)

Work = Callable[[Callable[[Delta], None]], Coroutine[Any, Any, None]]
"""Asks, and tells what comes. Raises ``EndpointError``."""


class Answer:
    """An answer on its way: iterate it for what comes, close it to give it up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Work) -> None:
        """``work`` is done on ``loop``, from now on."""
        self._items: queue.SimpleQueue[Delta | Exception | None] = queue.SimpleQueue()
        self._is_cancelled = False
        self._future: Future[None] = asyncio.run_coroutine_threadsafe(self._do(work), loop)

    def __iter__(self) -> Iterator[Delta]:
        """Raises ``EndpointError``, and ``EngineCancelled`` once ``cancel`` was called."""
        while (item := self._items.get()) is not None:
            if self._is_cancelled:
                break
            if isinstance(item, Exception):
                raise item
            yield item
        if self._is_cancelled:
            raise EngineCancelled("The request was cancelled.")

    def cancel(self) -> None:
        """Give up; on any thread. Who waits for it is told at once."""
        self._is_cancelled = True
        self._items.put(None)
        self.close()

    def close(self) -> None:
        """Nothing more is wanted; on any thread."""
        self._future.cancel()

    async def _do(self, work: Work) -> None:
        try:
            await work(self._items.put)
            self._items.put(None)
        except asyncio.CancelledError:
            self._items.put(EngineCancelled("The line to the endpoint is closed."))
            raise
        except FimbleError as error:
            self._items.put(error)
        except Exception as error:
            logger.exception("A request to the endpoint failed")
            told = f"A request to the endpoint failed ({type(error).__name__}: {error})."
            self._items.put(EndpointGarbled(told, "The log says more."))
