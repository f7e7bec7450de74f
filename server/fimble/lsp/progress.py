"""Work-done progress: what a person sees of work that takes a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)

_CREATE_TIMEOUT_S = 30.0
_PAUSE_S = 0.1
MAX_CHARS = 80
"""Of the line that is shown."""


class Progress:
    """Shown where the editor shows progress, handed to ``instead`` elsewhere. Used on the event loop's thread.

    The editor must agree to a token before anything is reported under it, unless the token is its own. Work does not
    wait for that: what was said meanwhile is shown when the agreement comes.
    """

    def __init__(
        self,
        server: FimbleServer,
        title: str,
        token: int | str,
        *,
        is_editors_own: bool = False,
        cancellable: bool = False,
        instead: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``is_editors_own``: the editor sent ``token`` with its request."""
        self.token = token
        self._server, self._title, self._cancellable, self._instead = server, title, cancellable, instead
        self._begun = False
        self._ended = False
        self._last_message = ""
        self._creating: asyncio.Task[None] | None = None
        if is_editors_own:
            self._begin()
        elif server.client.shows_progress:
            self._creating = asyncio.ensure_future(self._create())

    def report(self, message: str) -> None:
        """What is being done now."""
        self._last_message = message
        if self._begun and not self._ended:
            self._send(types.WorkDoneProgressReport(message=message))
        elif not self._begun and self._creating is None:
            self._instead(message)

    def end(self, message: str = "") -> None:
        """It is over, well or badly."""
        if self._ended:
            return
        self._last_message = message
        self._ended = True
        if self._begun:
            self._send(types.WorkDoneProgressEnd(message=message or None))

    async def _create(self) -> None:
        params = types.WorkDoneProgressCreateParams(token=self.token)
        agreed = self._server.protocol.send_request_async(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        try:
            await asyncio.wait_for(agreed, _CREATE_TIMEOUT_S)
        except (TimeoutError, JsonRpcException) as error:
            logger.info("The editor shows no progress: %s", error)
            return
        self._begin()
        if self._ended:
            self._send(types.WorkDoneProgressEnd(message=self._last_message or None))

    def _begin(self) -> None:
        self._begun = True
        self._send(
            types.WorkDoneProgressBegin(
                title=self._title, cancellable=self._cancellable or None, message=self._last_message or None
            )
        )

    def _send(
        self, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        self._server.protocol.notify(types.PROGRESS, types.ProgressParams(token=self.token, value=value))


class Ticker:
    """Hands the line being written from the engine's thread to the loop's: the first at once, then ten a second."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop, self._report, self._clock = loop, report, clock
        self._next_s = float("-inf")

    def __call__(self, text: str) -> None:
        """The text as far as it is written."""
        now_s = self._clock()
        if now_s < self._next_s:
            return
        line = last_line(text)
        if line and not self._loop.is_closed():
            self._next_s = now_s + _PAUSE_S
            self._loop.call_soon_threadsafe(self._report, line)


def last_line(text: str) -> str:
    """The last line of ``text`` that says anything, as far as a person wants to see it; fences say nothing."""
    for line in reversed(text.splitlines()):
        if line.strip() and not line.lstrip().startswith("```"):
            return line.strip()[:MAX_CHARS]
    return ""
