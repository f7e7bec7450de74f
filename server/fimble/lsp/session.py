"""Runs one session from the first byte to the exit code."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from fimble.lsp import greeting
from fimble.lsp.framing import BadFrame, FrameReader, to_frame
from fimble.lsp.stdio import StdioConnection, take_stdio
from fimble.lsp.tcp import TcpListener

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.features.search import OpenSearch
    from fimble.lsp.followers import Followers
    from fimble.lsp.model import Loader
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)


class Connection(Protocol):
    """Bytes from and to an editor."""

    def chunks(self) -> AsyncIterator[bytes]: ...

    def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


def run_stdio(
    loader: Loader, config: Config, complaints: Sequence[str] = (), open_search: OpenSearch | None = None
) -> int:
    """Serve over standard input and output. Returns the exit code: 0 after ``shutdown``, else 1."""
    in_fd, out_fd = take_stdio()

    async def run() -> int:
        session = Session(loader, config, complaints, open_search)
        with _signals(session.stopped):
            return await session.run(StdioConnection(in_fd, out_fd))

    return asyncio.run(run())


def run_tcp(
    loader: Loader, config: Config, port: int, complaints: Sequence[str] = (), open_search: OpenSearch | None = None
) -> int:
    """Serve one editor over a loopback port, told on standard output as one line of JSON.

    The line holds ``port`` and ``token``. Returns the exit code; raises ``OSError`` when the
    port is taken.
    """

    async def run() -> int:
        listener = TcpListener()
        await listener.listen(port)
        print(json.dumps({"port": listener.port, "token": listener.token}), flush=True)
        session = Session(loader, config, complaints, open_search)
        with _signals(session.stopped):
            accepting = asyncio.ensure_future(listener.accept())
            await asyncio.wait((accepting, session.stopped), return_when=asyncio.FIRST_COMPLETED)
            if accepting.done():
                return await session.run(accepting.result())
            accepting.cancel()
            return session.stopped.result()

    return asyncio.run(run())


class Session:
    """One editor, from its first message to its last."""

    def __init__(
        self,
        loader: Loader,
        config: Config,
        complaints: Sequence[str],
        open_search: OpenSearch | None = None,
        followers: Followers | None = None,
    ) -> None:
        """``followers`` are those of all sessions of this process, if it has several."""
        self.stopped: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The exit code, as soon as the session is to end."""
        self._loader = loader
        self._config = config
        self._complaints = complaints
        self._open_search, self._followers = open_search, followers
        self._server: FimbleServer | None = None

    async def run(self, connection: Connection) -> int:
        """Converse until either side ends it. Returns the exit code."""
        pump = asyncio.ensure_future(self._pump(connection))
        await asyncio.wait((pump, self.stopped), return_when=asyncio.FIRST_COMPLETED)
        if pump.done() and (error := pump.exception()) is not None:
            logger.error("The session failed", exc_info=error)
        pump.cancel()
        server = self._server
        if not self.stopped.done():
            self.stopped.set_result(0 if server is not None and server.protocol.shut_down else 1)
        if server is not None:
            await server.close()
        await connection.close()
        return self.stopped.result()

    async def _pump(self, connection: Connection) -> None:
        """Hand each message to the server; ends when the editor's end is closed.

        Between two messages the loop runs once, so that a request's handler has seen the
        document as it was when the request came, before the next change is applied.
        """
        frames = FrameReader()
        async for data in connection.chunks():
            for frame in frames.feed(data):
                if self._server is None:
                    self._server = await self._begin(connection, frame)
                else:
                    _hand_over(self._server, frame)
                await asyncio.sleep(0)
                if self.stopped.done():
                    return

    async def _begin(self, connection: Connection, frame: bytes | BadFrame) -> FimbleServer:
        """Answer the first message if it is ``initialize``, and only then import the server."""
        answer = None if isinstance(frame, BadFrame) else greeting.early_answer(frame)
        if answer is not None:
            connection.write(to_frame(answer))
            await asyncio.sleep(0)
        from fimble.lsp.server import FimbleServer

        server = FimbleServer(
            self._loader, self._config, self._complaints, self.stopped, self._open_search, self._followers
        )
        server.protocol.set_writer(_Writer(connection))
        _hand_over(server, frame, answered=answer is not None)
        return server


def _hand_over(server: FimbleServer, frame: bytes | BadFrame, answered: bool = False) -> None:
    if isinstance(frame, BadFrame):
        server.protocol.refuse_frame(frame.problem)
    else:
        server.protocol.receive(frame, answered)


class _Writer:
    """A connection as pygls wants it; closing is the session's business."""

    def __init__(self, connection: Connection) -> None:
        self.write = connection.write

    def close(self) -> None:
        """Nothing to do yet: what was written last may still be on its way."""


@contextmanager
def _signals(stopped: asyncio.Future[int]) -> Iterator[None]:
    """Meanwhile SIGTERM and SIGINT end the session in order."""
    loop = asyncio.get_running_loop()
    numbers = () if sys.platform == "win32" else (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, lambda: None if stopped.done() else stopped.set_result(0))
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
