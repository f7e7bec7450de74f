"""The daemon: one process for all windows of a user. It listens, gives each window a session, and ends when it is idle.

It makes way for a newer fimble: it stops listening at once, so that the newer one can begin, and its windows move
over when nobody waits for an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fimble.daemon import meeting
from fimble.daemon.address import Address
from fimble.daemon.build import this_build
from fimble.daemon.door import Door
from fimble.daemon.hello import (
    PROTOCOL,
    REFUSED,
    RETIRING,
    SERVING,
    SESSION,
    STATUS,
    STOP,
    Hello,
    Reply,
    is_newer,
    read_hello,
    to_line,
)
from fimble.daemon.window import Shared, Window
from fimble.errors import FimbleError

if TYPE_CHECKING:
    from fimble.lsp.followers import Followers

logger = logging.getLogger(__name__)

_HELLO_S = 10.0
_FIRST_S = 60.0
"""A daemon to which not even the proxy that started it comes ends after so long."""
_LOOK_S, _POLL_S = 0.25, 0.05
_FOLDER_EVERY_S = 5.0
_SUCCESSOR_S, _MOVE_S, _END_S = 10.0, 30.0, 2.0


class House:
    """Lives on one event loop."""

    def __init__(self, address: Address, shared: Shared, idle_s: float) -> None:
        """``idle_s``: how long it stays without a window."""
        self._door, self._shared, self._idle_s = Door(address), shared, idle_s
        self._build = this_build()  # of what runs here, whatever becomes of the files
        self._windows: set[Window] = set()
        self._followers: Followers | None = None
        self._begun_s = self._empty_since_s = time.monotonic()
        self._num_served = 0
        self._successor: str | None = None
        """The version of the fimble that takes over."""
        self._ending = asyncio.Event()

    async def open(self) -> bool:
        """Listen; false where another daemon lives. Raises ``DaemonUnavailable``."""
        if not await self._door.open(self._greet):
            return False
        logger.info("fimble %s listens, process %d", self._build, os.getpid())
        return True

    async def live(self) -> None:
        """Serve until it has been idle for long enough, is told to stop, or makes way."""
        with _signals(self._ending):
            watching = asyncio.ensure_future(self._watch())
            await self._ending.wait()
            watching.cancel()
            await self._close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            hello = await self._hello(reader, writer)
            if hello is not None:
                await self._receive(hello, reader, writer)
        except (OSError, TimeoutError, ValueError) as error:
            logger.info("A connection is closed: %s", str(error) or "nothing was said in time")
        finally:
            writer.close()

    async def _hello(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Hello | None:
        """What a proxy says first; nothing where it may not say anything."""
        talk = writer.get_extra_info("socket")
        try:
            meeting.peer_of(talk, str(self._door.address.socket))
        except FimbleError as error:
            logger.warning("%s", error)
            return None
        async with asyncio.timeout(_HELLO_S):
            line = await reader.readline()
        return read_hello(line) if line else None

    async def _receive(self, hello: Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if hello.protocol != PROTOCOL and not is_newer(hello.version, self._build):
            writer.write(to_line(self._reply(REFUSED, f"It does not speak protocol {hello.protocol}.")))
        elif hello.wants == STATUS:
            writer.write(to_line(self._reply(SERVING, facts=self._facts())))
        elif hello.wants == STOP:
            logger.info("It is told to stop")
            self._door.close()
            writer.write(to_line(self._reply(RETIRING, facts=self._facts())))
            self._ending.set()
        elif is_newer(hello.version, self._build):
            logger.info("It makes way for fimble %s", hello.version)
            self._door.close()
            self._successor = hello.version
            writer.write(to_line(self._reply(RETIRING)))
            self._ending.set()
        elif hello.wants == SESSION and not self._door.is_open:  # it came in before the door was closed
            writer.write(to_line(self._reply(RETIRING)))
        elif hello.wants == SESSION:
            writer.write(to_line(self._reply(SERVING)))
            await self._serve(hello, reader, writer)
        else:
            writer.write(to_line(self._reply(REFUSED, f"It does not know what {hello.wants!r} is.")))

    async def _serve(self, hello: Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._followers is None and self._shared.followers is not None:
            self._followers = self._shared.followers()
        window = Window(hello, self._shared, self._followers)
        self._windows.add(window)
        self._num_served += 1
        try:
            await window.serve(reader, writer)
        except Exception:
            logger.exception("A session failed")
        finally:
            self._windows.discard(window)
            self._empty_since_s = time.monotonic()

    async def _watch(self) -> None:
        """End when nobody is here any more, or when the way in is gone."""
        looked_s = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_S)
            now_s = time.monotonic()
            stays_s = self._idle_s if self._num_served else max(self._idle_s, _FIRST_S)
            if not self._windows and now_s - self._empty_since_s >= stays_s:
                logger.info("No window is open; it ends")
                self._ending.set()
            if now_s - looked_s >= _FOLDER_EVERY_S:
                looked_s = now_s
                if not await asyncio.to_thread(self._door.is_reachable):
                    logger.warning("The socket is gone; windows move to another daemon")
                    self._ending.set()

    async def _close(self) -> None:
        """Let go of the address and of all windows, which another daemon will serve."""
        self._door.close()
        is_hurried = self._successor is None
        if not is_hurried:
            await self._wait(lambda: self._door.has_successor(_LOOK_S), _SUCCESSOR_S)
        for window in [*self._windows]:
            window.ask_to_move()
        await self._wait(lambda: not self._windows, _END_S if is_hurried else _MOVE_S)
        for window in [*self._windows]:
            window.end()
        await self._wait(lambda: not self._windows, _END_S)
        if self._followers is not None:
            await self._followers.close()
        await asyncio.to_thread(self._shared.close)
        logger.info("The end")

    async def _wait(self, is_done: Callable[[], bool], timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not is_done() and time.monotonic() < deadline_s:
            await asyncio.sleep(_POLL_S)

    def _reply(self, state: str, why: str = "", facts: Mapping[str, Any] | None = None) -> Reply:
        return Reply(self._build, os.getpid(), state, why, facts or {})

    def _facts(self) -> dict[str, Any]:
        """For a person who asks how the daemon is."""
        return {
            "windows": len(self._windows),
            "uptime_s": round(time.monotonic() - self._begun_s),
            "idle_minutes": self._idle_s / 60,
            "memory_mb": _memory_mb(),
            "index_pid": self._followers.pid if self._followers else None,
            "log": str(self._door.address.log),
            **self._shared.state(),
        }


def _memory_mb() -> int:
    """What this process takes of the machine's memory: its own, and its share of what several use."""
    import psutil

    try:
        found = psutil.Process().memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(found, "pss", found.uss)) >> 20


@contextlib.contextmanager
def _signals(ending: asyncio.Event) -> Iterator[None]:
    """Meanwhile SIGTERM and SIGINT set ``ending``."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
