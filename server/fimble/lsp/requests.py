"""Which answer is still wanted: the latest request of each document, and no other.

All model work runs on one engine thread, one request after another. A request that
lost its purpose (a newer one came, the document changed or was closed, the editor
cancelled it) is answered at once; its token stops the engine, and if it had not
begun it never does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor

from fimble.engine.base import CancelToken
from fimble.text import Outcome, Reason

logger = logging.getLogger(__name__)

Work = Callable[[CancelToken], Outcome]


class _Ticket:
    """One request in flight."""

    def __init__(self) -> None:
        self.cancel = CancelToken()
        self.dropped: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()

    def drop(self, reason: Reason) -> None:
        self.cancel.cancel()
        if not self.dropped.done():
            self.dropped.set_result(reason)

    def run(self, work: Work) -> Outcome:
        """On the engine thread."""
        if self.cancel.cancelled:
            return Outcome(reason=Reason.CANCELLED)
        try:
            return work(self.cancel)
        except Exception as error:
            logger.exception("The engine failed")
            return Outcome(reason=Reason.FAILED, detail=f"{type(error).__name__}: {error}")


class Requests:
    """The requests in flight, at most one a document. Used on the event loop's thread only."""

    def __init__(self, engine_thread: Executor) -> None:
        self._engine_thread = engine_thread
        self._latest: dict[str, _Ticket] = {}

    async def answer(self, uri: str, work: Work) -> Outcome:
        """Run ``work`` on the engine thread as the latest request of ``uri``.

        Returns its outcome, or the reason why nobody wants it any more. Cancelling the
        awaiting task cancels the work.
        """
        self.drop(uri, Reason.SUPERSEDED)
        ticket = self._latest[uri] = _Ticket()
        job = asyncio.get_running_loop().run_in_executor(self._engine_thread, ticket.run, work)
        try:
            await asyncio.wait((job, ticket.dropped), return_when=asyncio.FIRST_COMPLETED)
            if ticket.dropped.done():
                job.cancel()
                return Outcome(reason=ticket.dropped.result())
            return job.result()
        except asyncio.CancelledError:
            ticket.drop(Reason.CANCELLED)
            job.cancel()
            raise
        finally:
            if self._latest.get(uri) is ticket:
                del self._latest[uri]

    def drop(self, uri: str, reason: Reason) -> None:
        """The request in flight for ``uri``, if any, is not wanted any more."""
        ticket = self._latest.pop(uri, None)
        if ticket is not None:
            ticket.drop(reason)

    def drop_all(self) -> None:
        """The session ends: stop everything."""
        for uri in list(self._latest):
            self.drop(uri, Reason.CANCELLED)
