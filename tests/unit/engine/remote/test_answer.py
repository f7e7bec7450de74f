"""An answer on its way from one thread to another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from fimble.engine.remote.answer import Answer
from fimble.engine.remote.wire import Delta, Said
from fimble.errors import EndpointBusy, EndpointGarbled, EngineCancelled


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def delta(text: str) -> Delta:
    return Delta((Said(text, 0.0),))


def test_who_cancels_does_not_hear_what_was_said_before(loop: asyncio.AbstractEventLoop) -> None:
    is_said = threading.Event()

    async def work(on_delta: Callable[[Delta], None]) -> None:
        for text in "abc":
            on_delta(delta(text))
        is_said.set()

    answer = Answer(loop, work)
    items = iter(answer)
    assert next(items) == delta("a")
    is_said.wait()
    answer.cancel()
    with pytest.raises(EngineCancelled):
        next(items)


@pytest.mark.parametrize("error", [EndpointBusy("wait"), EndpointGarbled("what")])
def test_what_goes_wrong_comes_after_what_was_said(loop: asyncio.AbstractEventLoop, error: Exception) -> None:
    async def work(on_delta: Callable[[Delta], None]) -> None:
        on_delta(delta("a"))
        raise error

    items = iter(Answer(loop, work))
    assert next(items) == delta("a")
    with pytest.raises(type(error)):
        next(items)


def test_what_nobody_foresaw_is_an_error_for_people(loop: asyncio.AbstractEventLoop) -> None:
    async def work(on_delta: Callable[[Delta], None]) -> None:
        raise ZeroDivisionError

    with pytest.raises(EndpointGarbled, match="ZeroDivisionError"):
        list(Answer(loop, work))
