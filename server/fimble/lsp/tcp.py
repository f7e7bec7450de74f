"""A TCP socket on loopback as a connection, behind a token.

Every local process can reach a loopback port, so the first message must be an
``initialize`` whose ``initializationOptions.token`` is ours. Anything else gets one
error and the connection is closed; the server goes on waiting. The first editor let
in is the only one, and its session is the process's.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
from collections.abc import AsyncIterator
from typing import Any

from fimble.lsp.framing import BadFrame, FrameReader, from_body, to_frame

HOST = "127.0.0.1"
_FIRST_MESSAGE_MAX_BYTES = 1 << 20
_FIRST_MESSAGE_TIMEOUT_S = 10.0
_READ_BYTES = 1 << 16
_REQUEST_FAILED = -32803
_DRAIN_S = 0.5
_NOT_ADMITTED = "The first message must be initialize with the right initializationOptions.token."


class TcpConnection:
    """An editor that has shown the token."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._first = first

    async def chunks(self) -> AsyncIterator[bytes]:
        """What the editor sends, until it closes its end."""
        yield self._first
        while data := await _read(self._reader):
            yield data

    def write(self, data: bytes) -> None:
        """Send ``data`` soon."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def close(self) -> None:
        """Send what is left, for a moment at most."""
        await _close(self._writer)


class TcpListener:
    """Waits on a loopback port for the one editor that knows the token."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token or os.environ.get("FIMBLE_TOKEN") or secrets.token_urlsafe(32)
        self.port = 0
        self._admitted: asyncio.Future[TcpConnection] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None

    async def listen(self, port: int) -> None:
        """Begin to listen; port 0 means any. Raises ``OSError`` when the port is taken."""
        self._server = await asyncio.start_server(self._greet, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def accept(self) -> TcpConnection:
        """The editor that showed the token; nobody else is let in afterwards."""
        connection = await self._admitted
        if self._server is not None:
            self._server.close()
        return connection

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_FIRST_MESSAGE_TIMEOUT_S):
                first = await self._first_message(reader, writer)
        except TimeoutError:
            first = None
        if first is None or self._admitted.done():
            await _close(writer)
        else:
            self._admitted.set_result(TcpConnection(reader, writer, first))

    async def _first_message(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """The bytes of a session that begins as it must, or ``None`` after an error."""
        frames = FrameReader(_FIRST_MESSAGE_MAX_BYTES)
        while data := await _read(reader):
            for frame in frames.feed(data):
                message = None if isinstance(frame, BadFrame) else _object(frame)
                if message is not None and self._shows_token(message):
                    return to_frame(message) + frames.rest()
                msg_id = message.get("id") if message is not None else None
                error = {"code": _REQUEST_FAILED, "message": _NOT_ADMITTED}
                writer.write(to_frame({"jsonrpc": "2.0", "id": msg_id, "error": error}))
                return None
        return None

    def _shows_token(self, message: dict[str, Any]) -> bool:
        """Whether this is an ``initialize`` with our token; takes the token out of it."""
        params = message.get("params")
        options = params.get("initializationOptions") if isinstance(params, dict) else None
        token = options.pop("token", None) if isinstance(options, dict) else None
        if message.get("method") != "initialize" or not isinstance(token, str):
            return False
        return hmac.compare_digest(token.encode(errors="replace"), self.token.encode(errors="replace"))


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        message = from_body(body)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(_READ_BYTES)
    except OSError:
        return b""


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(_DRAIN_S):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return
