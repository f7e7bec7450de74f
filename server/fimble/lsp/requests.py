"""Which answer is still wanted: the latest request of each document, and no other.

All model work runs on one engine thread, one run after another. A request that lost its
purpose (a newer one came, the document changed or was closed, the editor cancelled it) is
answered at once. What the model is writing for it goes on while nobody else needs the
engine: the next keystroke often agrees with it, joins it and is answered by it. As soon as
it is in anybody's way, its token stops it within milliseconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from fimble.engine.base import CancelToken
from fimble.text import Outcome, Reason, Source

logger = logging.getLogger(__name__)

Work = Callable[[CancelToken], Outcome]


@dataclass(frozen=True, slots=True)
class Wish:
    """What one request wants of the model."""

    uri: str
    work: Work
    """Asks the model; on the engine's thread."""
    recall: Callable[[], Outcome | None] = lambda: None
    """The answer as far as it is known without the model."""
    joins: Callable[[], bool] = lambda: False
    """Whether what is being written for this document may be the answer."""
    delay_s: float = 0.0
    """How long to wait for the next key before the model is asked."""
    outlives: bool = False
    """Whether its work goes on when the request is dropped, as long as nobody needs the engine."""


class _Job:
    """One run on the engine thread."""

    def __init__(self, wish: Wish, engine_thread: Executor) -> None:
        self.wish = wish
        self.cancel = CancelToken()
        self._begun = False
        self.result = asyncio.get_running_loop().run_in_executor(engine_thread, self._run)

    def _run(self) -> Outcome:
        if self.cancel.cancelled:
            return Outcome(reason=Reason.CANCELLED)
        self._begun = True
        try:
            return self.wish.work(self.cancel)
        except Exception as error:
            logger.exception("The engine failed")
            return Outcome(reason=Reason.FAILED, detail=f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        self.cancel.cancel()
        self.result.cancel()

    def leave(self) -> None:
        """Nobody waits for it any more."""
        if self._begun and self.wish.outlives:
            self.cancel.is_awaited = False
        else:
            self.stop()


@dataclass(slots=True, eq=False)
class _Ticket:
    """One request in flight."""

    dropped: asyncio.Future[Reason] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def wait_for(self, other: Awaitable[object]) -> bool:
        """Wait until ``other`` has ended, however, or the request is dropped; whether it is still wanted."""
        waiting = asyncio.ensure_future(other)
        try:
            await asyncio.wait((waiting, self.dropped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        return not self.dropped.done()


class Requests:
    """The requests in flight, at most one a document. Used on the event loop's thread only."""

    def __init__(self, engine_thread: Executor, on_start: Callable[[], None] = lambda: None) -> None:
        """``on_start`` is called whenever the engine is needed: work in idle time has to give way."""
        self._engine_thread, self._on_start = engine_thread, on_start
        self._latest: dict[str, _Ticket] = {}
        self._jobs: dict[str, _Job] = {}

    async def answer(self, wish: Wish) -> Outcome:
        """The answer to ``wish``, which is now the latest of its document: known, in flight, or the model's.

        Or the reason why nobody wants it any more. Cancelling the awaiting task drops it.
        """
        self.drop(wish.uri, Reason.SUPERSEDED)
        ticket = self._latest[wish.uri] = _Ticket()
        try:
            return await self._answer(wish, ticket)
        except asyncio.CancelledError:
            if self._latest.get(wish.uri) is ticket:
                self.drop(wish.uri, Reason.CANCELLED)
            raise
        finally:
            if self._latest.get(wish.uri) is ticket:
                del self._latest[wish.uri]

    async def _answer(self, wish: Wish, ticket: _Ticket) -> Outcome:
        known = _recalled(wish)
        if known is not None:
            return known
        running = self._jobs.get(wish.uri)
        if running is not None and wish.joins():
            running.cancel.is_awaited = True
            if not await ticket.wait_for(asyncio.wait((running.result,))):
                return Outcome(reason=ticket.dropped.result())
            known = _recalled(wish)
            if known is not None:
                return replace(known, source=Source.JOINED)
        if wish.delay_s > 0 and not await ticket.wait_for(asyncio.sleep(wish.delay_s)):
            return Outcome(reason=ticket.dropped.result())
        job = self._start(wish)
        if not await ticket.wait_for(asyncio.wait((job.result,))):
            return Outcome(reason=ticket.dropped.result())
        return Outcome(reason=Reason.CANCELLED) if job.result.cancelled() else job.result.result()

    def drop(self, uri: str, reason: Reason) -> None:
        """The request in flight for ``uri``, if any, is not wanted any more."""
        ticket = self._latest.pop(uri, None)
        if ticket is not None and not ticket.dropped.done():
            ticket.dropped.set_result(reason)
        job = self._jobs.get(uri)
        if job is not None:
            job.leave()

    def stop(self, uri: str, reason: Reason) -> None:
        """Nothing of ``uri`` is wanted any more, nor will be."""
        self.drop(uri, reason)
        if uri in self._jobs:
            self._jobs[uri].stop()

    def drop_all(self) -> None:
        """The session ends: stop everything."""
        for uri in {*self._latest, *self._jobs}:
            self.stop(uri, Reason.CANCELLED)

    def _start(self, wish: Wish) -> _Job:
        """Ask the model. What runs for nobody, or for the same document, gives way."""
        self._on_start()
        for uri, job in self._jobs.items():
            if uri == wish.uri or uri not in self._latest:
                job.stop()
        job = self._jobs[wish.uri] = _Job(wish, self._engine_thread)
        job.result.add_done_callback(lambda _: self._ended(job))
        return job

    def _ended(self, job: _Job) -> None:
        if self._jobs.get(job.wish.uri) is job:
            del self._jobs[job.wish.uri]


def _recalled(wish: Wish) -> Outcome | None:
    """What is known without the model; nothing, where looking for it fails."""
    try:
        return wish.recall()
    except Exception:
        logger.exception("Looking for an earlier answer failed")
        return None
