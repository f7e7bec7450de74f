from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fimble.engine.base import CancelToken
from fimble.lsp.requests import Requests, Wish
from fimble.text import Outcome, Reason, Source

A, B = "file:///a", "file:///b"
DONE = Outcome(detail="done")
HANGING_S = 60.0
"""Much longer than anything takes here: other programs may be busy too."""


class Work:
    """Runs until it is told to end or is cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.token: CancelToken | None = None

    def __call__(self, cancel: CancelToken) -> Outcome:
        self.token = cancel
        cancel.on_cancel(self.may_end.set)
        self.begun.set()
        assert self.may_end.wait(HANGING_S)
        return Outcome(reason=Reason.CANCELLED) if cancel.cancelled else DONE


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    with ThreadPoolExecutor(max_workers=1) as engine_thread:
        yield Requests(engine_thread)


async def begin(requests: Requests, uri: str, work: Work, runs: bool = True) -> asyncio.Task[Outcome]:
    task = asyncio.ensure_future(requests.answer(Wish(uri, work)))
    if runs:
        assert await asyncio.to_thread(work.begun.wait, HANGING_S)
    else:
        await asyncio.sleep(0.01)
    return task


async def test_the_answer_of_the_work_is_the_answer(requests: Requests) -> None:
    assert await requests.answer(Wish(A, lambda _: DONE)) == DONE


async def test_a_newer_request_takes_the_place_of_the_older(requests: Requests) -> None:
    older, newer = Work(), Work()
    first = await begin(requests, A, older)
    second = await begin(requests, A, newer)
    assert (await first).reason is Reason.SUPERSEDED
    newer.may_end.set()
    assert await second == DONE


async def test_a_request_of_another_document_waits(requests: Requests) -> None:
    one, other = Work(), Work()
    first = await begin(requests, A, one)
    second = await begin(requests, B, other, runs=False)
    assert not other.begun.is_set()
    one.may_end.set()
    other.may_end.set()
    assert [await first, await second] == [DONE, DONE]


async def test_cancelling_the_task_cancels_the_engine_at_once(requests: Requests) -> None:
    work = Work()
    task = await begin(requests, A, work)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.token is not None
    assert work.token.cancelled


async def test_work_that_nobody_wants_any_more_never_begins(requests: Requests) -> None:
    running, queued, cancelled = Work(), Work(), Work()
    first = await begin(requests, A, running)
    second = await begin(requests, B, queued, runs=False)
    third = await begin(requests, "file:///c", cancelled, runs=False)
    requests.drop(B, Reason.STALE)
    third.cancel()
    assert (await second).reason is Reason.STALE
    running.may_end.set()
    assert await first == DONE
    assert await requests.answer(Wish(A, lambda _: DONE)) == DONE
    assert not queued.begun.is_set()
    assert not cancelled.begun.is_set()


async def test_a_dropped_request_is_answered_before_the_engine_notices(requests: Requests) -> None:
    begun, may_end, has_ended = threading.Event(), threading.Event(), threading.Event()

    def deaf(_: CancelToken) -> Outcome:
        begun.set()
        may_end.wait(HANGING_S)
        has_ended.set()
        return DONE

    task = asyncio.ensure_future(requests.answer(Wish(A, deaf)))
    assert await asyncio.to_thread(begun.wait, HANGING_S)
    requests.drop(A, Reason.NOT_OPEN)
    assert (await task).reason is Reason.NOT_OPEN
    assert not has_ended.is_set()
    may_end.set()


async def test_a_failure_is_a_reason(requests: Requests) -> None:
    def boom(_: CancelToken) -> Outcome:
        raise RuntimeError("no")

    outcome = await requests.answer(Wish(A, boom))
    assert outcome.reason is Reason.FAILED
    assert outcome.detail == "RuntimeError: no"


async def test_a_storm_leaves_nothing_behind(requests: Requests) -> None:
    work = [Work() for _ in range(200)]
    tasks = [asyncio.ensure_future(requests.answer(Wish(A, one))) for one in work]
    await asyncio.sleep(0)
    requests.drop_all()
    assert {(await task).reason for task in tasks} == {Reason.SUPERSEDED, Reason.CANCELLED}
    assert await requests.answer(Wish(A, lambda _: DONE)) == DONE
    assert sum(one.begun.is_set() for one in work) < len(work) / 2, "only what the engine was free for"


async def test_what_is_known_needs_no_engine(requests: Requests) -> None:
    work = Work()
    assert await requests.answer(Wish(A, work, recall=lambda: DONE)) == DONE
    assert not work.begun.is_set()


async def test_an_answer_in_flight_is_joined_and_not_restarted(requests: Requests) -> None:
    older, newer = Work(), Work()
    known: list[Outcome] = []
    first = asyncio.ensure_future(requests.answer(Wish(A, older, outlives=True)))
    assert await asyncio.to_thread(older.begun.wait, HANGING_S)
    requests.drop(A, Reason.STALE)
    assert (await first).reason is Reason.STALE
    assert older.token is not None and not older.token.cancelled, "the next key may agree with it"
    second = asyncio.ensure_future(
        requests.answer(Wish(A, newer, recall=lambda: known[0] if known else None, joins=lambda: True))
    )
    await asyncio.sleep(0.01)
    known.append(DONE)
    older.may_end.set()
    assert (await second).source is Source.JOINED
    assert not newer.begun.is_set()


async def test_an_answer_in_flight_that_does_not_agree_gives_way(requests: Requests) -> None:
    older, newer = Work(), Work()
    await_first = asyncio.ensure_future(requests.answer(Wish(A, older, outlives=True)))
    assert await asyncio.to_thread(older.begun.wait, HANGING_S)
    second = await begin(requests, A, newer)
    assert (await await_first).reason is Reason.SUPERSEDED
    assert older.token is not None and older.token.cancelled
    newer.may_end.set()
    assert await second == DONE


async def test_what_runs_for_nobody_gives_way_to_another_document(requests: Requests) -> None:
    orphan, other = Work(), Work()
    first = asyncio.ensure_future(requests.answer(Wish(A, orphan, outlives=True)))
    assert await asyncio.to_thread(orphan.begun.wait, HANGING_S)
    requests.drop(A, Reason.STALE)
    await first
    second = await begin(requests, B, other)
    assert orphan.token is not None and orphan.token.cancelled
    other.may_end.set()
    assert await second == DONE


async def test_a_request_that_is_overtaken_in_its_delay_never_begins(requests: Requests) -> None:
    work = Work()
    first = asyncio.ensure_future(requests.answer(Wish(A, work, delay_s=HANGING_S)))
    await asyncio.sleep(0.01)
    assert await requests.answer(Wish(A, lambda _: DONE)) == DONE
    assert (await first).reason is Reason.SUPERSEDED
    assert not work.begun.is_set()


async def test_the_engine_is_asked_for_only_when_it_is_needed() -> None:
    starts: list[int] = []
    with ThreadPoolExecutor(max_workers=1) as engine_thread:
        requests = Requests(engine_thread, lambda: starts.append(1))
        await requests.answer(Wish(A, lambda _: DONE, recall=lambda: DONE))
        assert starts == []
        await requests.answer(Wish(A, lambda _: DONE))
    assert starts == [1]
