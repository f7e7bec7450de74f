"""An endpoint for the tests, which does what it is told, rightly and wrongly, byte by byte."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_S = 30.0


@dataclass(slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when the client has closed the connection."""

    @property
    def is_trial(self) -> bool:
        """Whether it only finds out whether the endpoint answers."""
        return self.method in ("GET", "CONNECT") or self.body.get("stream") is False


Script = Callable[[Asked], AsyncIterator[bytes]]
MODELS = {"object": "list", "data": [{"id": "qwen2.5-coder-7b", "object": "model", "owned_by": "vllm"}]}


class Endpoint:
    """A server on this machine, with a loop of its own; a context manager. ``script`` may be changed at any time.

    Trials are answered as by a sound server, unless ``trial`` is set.
    """

    def __init__(self, script: Script | None = None, trial: Script | None = None, tls: ssl.SSLContext | None = None):
        self.script: Script = script or stream("pass")
        self.trial: Script = trial or sound_trial
        self.asked: list[Asked] = []
        self.port = 0
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Endpoint:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT_S)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/v1"

    @property
    def answers(self) -> list[Asked]:
        """Requests for answers, without trials."""
        return [asked for asked in self.asked if not asked.is_trial]

    def start(self) -> None:
        """Listen, on the port of before if there was one."""
        self._run(self._start())

    def stop(self) -> None:
        """Listen no more, and break off what is going on."""
        self._run(self._stop())

    def wait(self, wanted: Callable[[], object]) -> None:
        """Until ``wanted`` holds."""
        until_s = time.monotonic() + TIMEOUT_S
        while not wanted():
            assert time.monotonic() < until_s, "it did not happen"
            time.sleep(0.005)

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT_S)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            asked = await _read(reader)
            self.asked.append(asked)
            watching = asyncio.ensure_future(_watch(reader, asked))
            async for data in (self.trial if asked.is_trial else self.script)(asked):
                writer.write(data)
                await writer.drain()
            watching.cancel()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(talk)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, json.loads(body) if body else None)


async def _watch(reader: asyncio.StreamReader, asked: Asked) -> None:
    with suppress(ConnectionError):
        await reader.read()
    asked.gone.set()


async def sound_trial(asked: Asked) -> AsyncIterator[bytes]:
    """What vLLM would say."""
    said = MODELS if asked.method == "GET" else {"choices": [{"index": 0, "text": "x", "finish_reason": "length"}]}
    yield whole(200, json.dumps(said).encode(), "Content-Type: application/json")


def whole(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join((*lines, "", "")).encode() + body


def answer(status: int, body: bytes = b"", *headers: str) -> Script:
    """A script that always answers so."""

    async def script(asked: Asked) -> AsyncIterator[bytes]:
        yield whole(status, body, *headers)

    return script


BEGIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def event(text: str, finish: str | None = None, logprobs: Any = None) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "text": text, "logprobs": logprobs, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def raw(*parts: bytes | float, then_hang: bool = False) -> Script:
    """A script of bytes, and of pauses in seconds."""

    async def script(asked: Asked) -> AsyncIterator[bytes]:
        for part in parts:
            if isinstance(part, bytes):
                yield part
            else:
                await asyncio.sleep(part)
        if then_hang:
            await asyncio.sleep(3600)

    return script


def stream(*texts: str, finish: str = "stop", then_hang: bool = False) -> Script:
    """A script of a sound stream."""
    end = () if then_hang else (event("", finish), DONE)
    return raw(BEGIN, *(event(text) for text in texts), *end, then_hang=then_hang)


def silent() -> Script:
    """A script that says nothing at all."""
    return raw(then_hang=True)
