"""Work in idle time on the event loop: one step after another, out of the way at once, and at rest afterwards."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from fimble.engine.base import CancelToken
from fimble.errors import PromptTooLong
from fimble.lsp.idle import Idle
from fimble.lsp.requests import Requests, Wish
from fimble.text import Cursor, Outcome, Snapshot

A, B = "file:///a", "file:///b"
DONE = Outcome(detail="done")
HANGING_S = 60.0
"""Much longer than anything takes here: other programs may be busy too."""


def at(offset: int, uri: str = A) -> Cursor:
    return Cursor(Snapshot(uri, "", 1, "x" * 10), offset)


@pytest.fixture
async def engine_thread() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANGING_S):
        while not condition():
            await asyncio.sleep(0.002)


def num_other_tasks() -> int:
    return len(asyncio.all_tasks()) - 1


async def at_rest() -> None:
    await until(lambda: num_other_tasks() == 0)


class Steps:
    """So many steps for each cursor; each may be held up until it is cancelled."""

    def __init__(self, num_steps: int, waits: bool = False) -> None:
        self.num_steps, self.waits = num_steps, waits
        self.done: list[Cursor] = []
        self.begun = threading.Event()
        self.was_cancelled = threading.Event()

    def __call__(self, cursor: Cursor, cancel: CancelToken) -> bool:
        self.begun.set()
        if self.waits:
            stopped = threading.Event()
            cancel.on_cancel(stopped.set)
            assert stopped.wait(HANGING_S)
            self.was_cancelled.set()
            return True
        self.done.append(cursor)
        return self.done.count(cursor) < self.num_steps


async def test_steps_until_nothing_is_left_and_then_nothing_runs(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(5)
    idle = Idle(engine_thread, steps)
    idle.after(at(1))
    await at_rest()
    assert steps.done == [at(1)] * 5
    used_s = time.process_time()
    await asyncio.sleep(0.6)
    assert steps.done == [at(1)] * 5, "no timer starts it again"
    assert time.process_time() - used_s < 0.3
    assert num_other_tasks() == 0


async def test_the_next_answer_is_prepared_for_its_own_place(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(3)
    idle = Idle(engine_thread, steps)
    idle.after(at(1))
    idle.after(at(2))
    await at_rest()
    assert steps.done == [at(2)] * 3, "only the last place counts"
    idle.after(at(3, B))
    await at_rest()
    assert steps.done[3:] == [at(3, B)] * 3


async def test_a_place_that_comes_during_the_last_step_is_not_forgotten(engine_thread: ThreadPoolExecutor) -> None:
    seen: list[int] = []
    entered, may_go = threading.Event(), threading.Event()

    def step(cursor: Cursor, cancel: CancelToken) -> bool:
        seen.append(cursor.offset)
        entered.set()
        assert may_go.wait(HANGING_S)
        return False

    idle = Idle(engine_thread, step)
    idle.after(at(1))
    await asyncio.to_thread(entered.wait, HANGING_S)
    idle.after(at(2))
    may_go.set()
    await at_rest()
    assert seen == [1, 2]


async def test_it_gives_way_within_milliseconds(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(1, waits=True)
    idle = Idle(engine_thread, steps)
    idle.after(at(1))
    assert await asyncio.to_thread(steps.begun.wait, HANGING_S)
    idle.give_way()
    assert await asyncio.to_thread(steps.was_cancelled.wait, HANGING_S)
    await at_rest()
    assert engine_thread.submit(lambda: 1).result(HANGING_S) == 1, "the engine is free"


async def test_it_begins_again_after_it_gave_way(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(1, waits=True)
    idle = Idle(engine_thread, steps)
    idle.after(at(1))
    assert await asyncio.to_thread(steps.begun.wait, HANGING_S)
    idle.give_way()
    steps.waits = False
    idle.after(at(2))
    await at_rest()
    assert steps.done == [at(2)]


async def test_a_request_goes_before_it(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(1, waits=True)
    idle = Idle(engine_thread, steps)
    requests = Requests(engine_thread, idle.give_way)
    idle.after(at(1))
    assert await asyncio.to_thread(steps.begun.wait, HANGING_S)
    async with asyncio.timeout(HANGING_S):
        assert await requests.answer(Wish(A, lambda _: DONE)) == DONE
    assert steps.was_cancelled.is_set()


async def test_a_request_that_needs_no_engine_leaves_it_alone(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(1, waits=True)
    idle = Idle(engine_thread, steps)
    requests = Requests(engine_thread, idle.give_way)
    idle.after(at(1))
    assert await asyncio.to_thread(steps.begun.wait, HANGING_S)
    assert await requests.answer(Wish(A, lambda _: DONE, recall=lambda: DONE)) == DONE
    assert not steps.was_cancelled.is_set()
    idle.give_way()
    await at_rest()


async def test_closing_its_document_stops_it_and_another_document_does_not(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(1, waits=True)
    idle = Idle(engine_thread, steps)
    idle.after(at(1))
    assert await asyncio.to_thread(steps.begun.wait, HANGING_S)
    idle.forget(B)
    assert not steps.was_cancelled.is_set()
    idle.forget(A)
    await asyncio.to_thread(steps.was_cancelled.wait, HANGING_S)
    await at_rest()
    assert steps.was_cancelled.is_set()


async def test_a_step_that_fails_ends_it_and_the_next_one_runs(
    engine_thread: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    num_calls = 0

    def step(cursor: Cursor, cancel: CancelToken) -> bool:
        nonlocal num_calls
        num_calls += 1
        raise RuntimeError("no")

    idle = Idle(engine_thread, step)
    for expected in (1, 2):
        idle.after(at(1))
        await at_rest()
        assert num_calls == expected
    assert "Work in idle time failed" in caplog.text


async def test_an_engine_that_refuses_is_no_failure(
    engine_thread: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    def step(cursor: Cursor, cancel: CancelToken) -> bool:
        raise PromptTooLong("too long")

    Idle(engine_thread, step).after(at(1))
    await at_rest()
    assert caplog.text == ""


async def test_other_steps_for_one_place(engine_thread: ThreadPoolExecutor) -> None:
    usual, other = Steps(2), Steps(3)
    idle = Idle(engine_thread, usual)
    idle.after(at(1), other)
    await at_rest()
    idle.after(at(2))
    await at_rest()
    assert (other.done, usual.done) == ([at(1)] * 3, [at(2)] * 2)


async def test_it_ends_quietly_with_the_session() -> None:
    engine_thread = ThreadPoolExecutor(max_workers=1)
    steps = Steps(10**9)
    idle = Idle(engine_thread, steps)
    idle.after(at(1))
    await until(lambda: len(steps.done) > 3)
    engine_thread.shutdown(wait=False, cancel_futures=True)
    await at_rest()


async def test_a_storm_of_keys_leaves_one_piece_of_work(engine_thread: ThreadPoolExecutor) -> None:
    steps = Steps(2)
    idle = Idle(engine_thread, steps)
    for offset in range(500):
        idle.after(at(offset % 7))
        if offset % 3 == 0:
            idle.give_way()
        if offset % 50 == 0:
            await asyncio.sleep(0)
    idle.after(at(9))
    await at_rest()
    assert steps.done[-2:] == [at(9)] * 2
    assert len(steps.done) < 60
