"""Long work in turns: in line, interrupted by what is short, and stopped for whatever reason."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from fimble.errors import ActionRefused, EngineCancelled, EngineError
from fimble.features.actions.action import Done
from fimble.features.generation.steps import Steps, aside
from fimble.features.generation.turn import Turn
from fimble.lsp.requests import Requests, Wish
from fimble.lsp.work import Piece, Work
from fimble.text import Outcome

A, B = "file:///a", "file:///b"
SHORT = Outcome(detail="short")
HANGING_S = 60.0
"""Much longer than anything takes here: other programs may be busy too."""


class Script:
    """Work that runs until it may end, gives way when asked, and keeps a diary."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name, self.diary = name, diary
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, turn: Turn) -> Steps[Done]:
        self.diary.append(f"{self.name} begun")
        self.begun.set()
        while not self.may_end.wait(0.001):
            if turn.cancel.cancelled:
                self.diary.append(f"{self.name} cancelled")
                raise EngineCancelled("cancelled")
            if turn.pause.cancelled:
                self.diary.append(f"{self.name} gave way")
                yield None
                self.diary.append(f"{self.name} goes on")
        return Done(markdown=self.name)


@pytest.fixture
async def thread() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread


async def begin(work: Work, piece: Piece, script: Script, runs: bool = True) -> asyncio.Task[Done]:
    task = asyncio.ensure_future(work.do(piece, script))
    if runs:
        assert await asyncio.to_thread(script.begun.wait, HANGING_S)
    else:
        await asyncio.sleep(0.02)
    return task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANGING_S):
        while not condition():
            await asyncio.sleep(0.002)


async def test_what_comes_of_the_steps(thread: ThreadPoolExecutor) -> None:
    starts: list[int] = []
    work, script = Work(thread, lambda: starts.append(1)), Script("a", [])
    script.may_end.set()
    assert (await work.do(Piece(A, True), script)).markdown == "a"
    assert starts == [1], "work in idle time gives way"


async def test_one_after_another_in_the_order_of_asking(thread: ThreadPoolExecutor) -> None:
    diary: list[str] = []
    work = Work(thread)
    scripts = [Script(name, diary) for name in "abc"]
    tasks = [await begin(work, Piece(s.name, True), s, runs=s.name == "a") for s in scripts]
    assert diary == ["a begun"]
    for script in scripts:
        script.may_end.set()
    assert [(await task).markdown for task in tasks] == ["a", "b", "c"]
    assert diary == ["a begun", "b begun", "c begun"]


async def test_a_newer_piece_of_the_same_document_takes_the_place_of_the_older(thread: ThreadPoolExecutor) -> None:
    diary: list[str] = []
    work = Work(thread)
    running, waiting, newest = (Script(name, diary) for name in "abc")
    first = await begin(work, Piece(A, True), running)
    second = await begin(work, Piece(B, True), waiting, runs=False)
    third = await begin(work, Piece(B, False), newest, runs=False)
    with pytest.raises(EngineCancelled):
        await second
    running.may_end.set()
    newest.may_end.set()
    assert [(await first).markdown, (await third).markdown] == ["a", "c"]
    assert diary == ["a begun", "c begun"]
    fourth = await begin(work, Piece(A, True), late := Script("d", diary))
    fifth = await begin(work, Piece(A, True), last := Script("e", diary), runs=False)
    with pytest.raises(EngineCancelled):
        await fourth
    last.may_end.set()
    assert (await fifth).markdown == "e" and not late.may_end.is_set()


async def test_what_is_short_interrupts_it_and_it_goes_on_where_it_was(thread: ThreadPoolExecutor) -> None:
    diary: list[str] = []
    work, script = Work(thread), Script("a", diary)
    requests = Requests(thread, work.give_way)
    task = await begin(work, Piece(A, True), script)

    def short(_: object) -> Outcome:
        diary.append("short")
        return SHORT

    for _ in range(3):
        async with asyncio.timeout(HANGING_S):
            assert await requests.answer(Wish(B, short)) == SHORT
        await until(lambda: diary[-1] == "a goes on")
    script.may_end.set()
    assert (await task).markdown == "a"
    assert diary == ["a begun", *(["a gave way", "short", "a goes on"] * 3)]


@pytest.mark.parametrize("runs", [True, False])
async def test_a_change_stops_edits_and_nothing_else(thread: ThreadPoolExecutor, runs: bool) -> None:
    diary: list[str] = []
    work = Work(thread)
    before = Script("before", diary)
    if not runs:
        await begin(work, Piece("file:///before", True), before)
    script = Script("a", diary)
    task = await begin(work, Piece(A, True), script, runs)
    work.changed(B)
    assert not task.done()
    work.changed(A)
    with pytest.raises(ActionRefused, match="changed while fimble wrote; nothing was changed"):
        async with asyncio.timeout(HANGING_S):
            await task
    before.may_end.set()
    reading = Script("reading", diary)
    task = await begin(work, Piece(A, False), reading)
    work.changed(A)
    reading.may_end.set()
    assert (await task).markdown == "reading"
    assert ("a cancelled" in diary) is runs and ("a begun" in diary) is runs


async def test_closing_stops_everything_of_a_document(thread: ThreadPoolExecutor) -> None:
    work, script = Work(thread), Script("a", [])
    task = await begin(work, Piece(A, False), script)
    work.closed(A)
    with pytest.raises(ActionRefused, match="closed"):
        await task
    await until(lambda: "a cancelled" in script.diary)


async def test_a_stopped_piece_is_answered_before_the_engine_notices(thread: ThreadPoolExecutor) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def deaf(turn: Turn) -> Steps[Done]:
        begun.set()
        may_end.wait(HANGING_S)
        yield None
        return Done()

    work, piece = Work(thread), Piece(A, True)
    task = asyncio.ensure_future(work.do(piece, deaf))
    assert await asyncio.to_thread(begun.wait, HANGING_S)
    piece.stop(EngineCancelled("cancelled"))
    piece.stop(ActionRefused("too late to be the reason"))
    with pytest.raises(EngineCancelled):
        await task
    assert not may_end.is_set()
    next_one = await begin(work, Piece(B, True), following := Script("b", []), runs=False)
    may_end.set()
    following.may_end.set()
    assert (await next_one).markdown == "b"


async def test_failures_are_errors_that_a_person_can_read(
    thread: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(turn: Turn) -> Steps[Done]:
        if not turn.cancel.cancelled:
            raise ActionRefused("Not here.")
        yield None
        return Done()

    def broken(turn: Turn) -> Steps[Done]:
        yield None
        raise RuntimeError("no")

    work = Work(thread)
    with pytest.raises(ActionRefused, match="Not here"):
        await work.do(Piece(A, True), refused)
    with pytest.raises(EngineError, match="RuntimeError: no"):
        await work.do(Piece(A, True), broken)
    assert "An action failed" in caplog.text
    done = Script("a", [])
    done.may_end.set()
    assert (await work.do(Piece(A, True), done)).markdown == "a", "the line goes on"


async def test_the_end_of_the_session_ends_it() -> None:
    thread = ThreadPoolExecutor(max_workers=1)
    work = Work(thread)
    first = await begin(work, Piece(A, True), Script("a", []))
    second = await begin(work, Piece(B, True), Script("b", []), runs=False)
    work.stop_all()
    for task in (first, second):
        with pytest.raises(EngineCancelled):
            await task
    thread.shutdown(wait=True, cancel_futures=True)
    with pytest.raises(EngineCancelled):
        await work.do(Piece(A, True), Script("c", []))


async def test_what_needs_no_engine_leaves_it_to_others(thread: ThreadPoolExecutor) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def check() -> str:
        begun.set()
        assert may_end.wait(HANGING_S)
        return "checked"

    def checked(turn: Turn) -> Steps[Done]:
        return Done(markdown=(yield from aside(check)))

    work = Work(thread)
    task = asyncio.ensure_future(work.do(Piece(A, True), checked))
    assert await asyncio.to_thread(begun.wait, HANGING_S)
    assert await asyncio.wrap_future(thread.submit(lambda: "short")) == "short", "the engine's thread is free"
    assert not task.done()
    may_end.set()
    assert (await task).markdown == "checked"


async def test_a_check_that_fails_is_told_and_one_that_hangs_is_left(
    thread: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        may_end.wait(HANGING_S)

    def broken(turn: Turn) -> Steps[Done]:
        yield lambda: [][0]
        return Done()

    def hanging(turn: Turn) -> Steps[Done]:
        yield hang
        return Done()

    work, piece = Work(thread), Piece(A, True)
    with pytest.raises(EngineError, match="IndexError"):
        await work.do(Piece(A, True), broken)
    assert "An action failed" in caplog.text
    task = asyncio.ensure_future(work.do(piece, hanging))
    assert await asyncio.to_thread(begun.wait, HANGING_S)
    piece.stop(EngineCancelled("cancelled"))
    with pytest.raises(EngineCancelled):
        await task
    may_end.set()
