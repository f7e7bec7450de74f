"""The line to an endpoint: a thread with an event loop, on which requests run, are given up and are tried again.

A thread of its own, so that a request can be given up at any point, before its first byte as well: the engine's thread
waits for a queue, and whoever cancels ends the request by closing its connection. While the endpoint is offline,
requests fail at once, and the line tries by itself, less and less often.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any

from fimble.engine.remote.about import About, about_in
from fimble.engine.remote.address import Address
from fimble.engine.remote.answer import Answer
from fimble.engine.remote.http import Client
from fimble.engine.remote.standing import Standing
from fimble.engine.remote.telling import named
from fimble.engine.remote.wire import Delta
from fimble.errors import (
    EndpointBusy,
    EndpointError,
    EndpointGarbled,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
    FimbleError,
)

logger = logging.getLogger(__name__)
RETRIES_S = (0.25, 0.75)
"""Before the second and the third attempt at a request of which nothing was heard yet."""
MAX_RETRY_AFTER_S = 2.0
"""An endpoint that asks for more patience gets it, and the request fails."""
OPTIONAL = ("logprobs", "seed", "grammar", "continue_final_message", "add_generation_prompt")
"""Left out from then on where an endpoint refuses a request with them and takes it without."""
_CLOSE_S = 2.0


class Line:
    """To one endpoint. All methods on any thread."""

    def __init__(self, address: Address, model: str, read_key: Callable[[], str]) -> None:
        """``model``: the name to ask for; empty for the first that the endpoint lists.

        ``read_key`` is called now, and before each trial when something was wrong. Raises ``ConfigError``.
        """
        self.address, self.standing = address, Standing()
        self.about = About(model)
        self._wanted, self._read_key = model, read_key
        self._client = Client(address)
        self._client.key = read_key()
        self._left_out: dict[str, frozenset[str]] = {}
        self._unheard_s = self._unheard_until_s = 0.0
        self._trial: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fimble-endpoint", daemon=True)
        self._thread.start()

    def open(self) -> None:
        """Ask the endpoint what it is, and whether it answers; waits for that no longer than for any answer.

        Raises nothing: where it fails, it is tried again.
        """
        opening = self._run(self._open())
        try:
            opening.result(2 * self.address.timeout_s + 1)
        except NotYet:
            opening.cancel()

    def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Ask for an answer. Raises ``EndpointError`` at once while the endpoint is offline."""
        self.standing.refuse()
        return Answer(self._loop, lambda on_delta: self._ask(path, body, on_delta))

    def close(self) -> None:
        """Give up all that is on its way."""
        if not self._loop.is_closed():
            closing = self._run(self._close())
            try:
                closing.result(_CLOSE_S)
            except NotYet:
                logger.warning("The connections to %s do not close", self.address.host)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSE_S)
            if not self._thread.is_alive():
                self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _close(self) -> None:
        self._unheard_s = float("-inf")
        others = asyncio.all_tasks() - {asyncio.current_task()} - self._client.closing
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.close()

    async def _open(self) -> None:
        try:
            await self._try()
        except EndpointError as error:
            self._failed(named(error, self.address.host))

    async def _ask(self, path: str, body: Mapping[str, Any], on_delta: Callable[[Delta], None]) -> None:
        try:
            await self._insist(path, body, on_delta)
        except EndpointError as error:
            told = named(error, self.address.host)
            self._failed(told)
            raise told from error

    async def _insist(self, path: str, body: Mapping[str, Any], on_delta: Callable[[Delta], None]) -> None:
        """Ask until something is heard, or it makes no sense any more."""
        waits = iter(RETRIES_S)
        while True:
            left_out = self._left_out.get(path, frozenset())
            sent = {name: value for name, value in body.items() if name not in left_out}
            try:
                await self._ask_once(path, sent, on_delta)
                return
            except EndpointRefused as error:
                if not error.is_of_request or not any(name in sent for name in OPTIONAL):
                    raise
                await self._ask_plainly(path, sent, on_delta)
                return
            except EndpointError as error:
                wait_s = _wait_s(error, next(waits, None))
                if wait_s is None:
                    raise
            await asyncio.sleep(wait_s)

    async def _ask_plainly(self, path: str, body: Mapping[str, Any], on_delta: Callable[[Delta], None]) -> None:
        """The same without what not every endpoint knows; one that takes it is asked so from now on."""
        extra = frozenset(name for name in OPTIONAL if name in body)

        def learn(delta: Delta) -> None:
            self._left_out[path] = self._left_out.get(path, frozenset()) | extra
            on_delta(delta)

        await self._ask_once(path, {name: value for name, value in body.items() if name not in extra}, learn)

    async def _ask_once(self, path: str, body: Mapping[str, Any], on_delta: Callable[[Delta], None]) -> None:
        """An answer that breaks off ends there: what was heard of it counts, and is not asked for a second time."""
        started_s, is_heard = self._loop.time(), False

        def hear(delta: Delta) -> None:
            nonlocal is_heard
            if not is_heard:
                is_heard, self._unheard_s = True, 0.0
                self.standing.answered()
            on_delta(delta)

        try:
            await self._client.post(path, body, hear)
        except asyncio.CancelledError:
            if not is_heard:
                self._given_up(started_s)
            raise
        except (EndpointUnreachable, EndpointBusy, EndpointRefused) as error:
            if not is_heard:
                raise
            logger.info("%s %s", self.address.host, error)
            on_delta(Delta(finish="length"))

    def _given_up(self, started_s: float) -> None:
        """Nobody waited for this long enough to know, but for all of them together: whether it answers is tried.

        Time in which several were waited for counts once.
        """
        now_s = self._loop.time()
        self._unheard_s += now_s - max(started_s, self._unheard_until_s)
        self._unheard_until_s = now_s
        if self._unheard_s > self.address.timeout_s:
            self._unheard_s = 0.0
            self._try_in(0.0)

    def _failed(self, error: EndpointError) -> None:
        wait_s = self.standing.failed(error)
        if wait_s is not None:
            self._try_in(wait_s)

    def _try_in(self, wait_s: float) -> None:
        if self._trial is None or self._trial.done():
            self._trial = asyncio.get_running_loop().create_task(self._try_again(wait_s))

    async def _try_again(self, wait_s: float) -> None:
        """Until the endpoint answers."""
        while True:
            await asyncio.sleep(wait_s)
            try:
                await self._try()
                return
            except EndpointError as error:
                next_s = self.standing.failed(named(error, self.address.host))
                wait_s = wait_s if next_s is None else next_s

    async def _try(self) -> None:
        """Ask for the least there is, with the key as it is now. Raises ``EndpointError``, and nothing else."""
        try:
            await self._ask_for_least()
        except EndpointError:
            raise
        except Exception as error:
            logger.exception("A trial of the endpoint failed")
            raise EndpointGarbled(f"cannot be tried ({type(error).__name__})", "The log says more.") from error

    async def _ask_for_least(self) -> None:
        try:
            self._client.key = await asyncio.get_running_loop().run_in_executor(None, self._read_key)
        except FimbleError as error:
            logger.warning("%s", error)
        self.about = await self._learn()
        model = {"model": self.about.model} if self.about.model else {}
        least = {"prompt": "#", "max_tokens": 1, "stream": False, **model}
        try:
            await self._client.post("completions", least, lambda _: None)
        except EndpointRefused as error:
            raise EndpointRefused(error.what, error.hint) from error  # it takes none, if not this one
        self._unheard_s = 0.0
        self.standing.answered()

    async def _learn(self) -> About:
        """What it lists; nothing where it lists nothing, which not every endpoint does."""
        try:
            listed = await self._client.get("models")
        except (EndpointRefused, EndpointGarbled):
            return About(self._wanted)
        return about_in(listed, self._wanted)


def _wait_s(error: EndpointError, wait_s: float | None) -> float | None:
    """How long to wait before the next attempt; ``None`` where there shall be none."""
    if wait_s is None or isinstance(error, EndpointRefused | EndpointGarbled | EndpointSilent):
        return None
    if isinstance(error, EndpointBusy) and error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= MAX_RETRY_AFTER_S else None
    return wait_s
