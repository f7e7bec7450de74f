"""Threads that hand over runs: one at a time, the urgent ones first, and nobody is forgotten."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest

from fimble.daemon.scheduler import LONG_TOKENS, Scheduler, Seat
from fimble.engine.base import CancelToken, Urgency
from fimble.engine.runner import Asked, Run
from fimble.errors import EngineCancelled, EngineError

KEYSTROKE, AWAITED, IDLE = Urgency


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


class Occupied:
    """A run that holds the processor until it is let go."""

    def __init__(self, scheduler: Scheduler, urgency: Urgency = KEYSTROKE, num_tokens: int = 1) -> None:
        self._seat, self._begun, self._end = scheduler.join(), threading.Event(), threading.Event()
        self.num_begun = 0
        self.thread = in_thread(lambda: self._seat.run(Asked(urgency, None).run(self._do, num_tokens)))
        self._begun.wait()

    def _do(self, stop: CancelToken | None) -> None:
        assert stop is not None
        self.num_begun += 1
        self._begun.set()
        while not self._end.is_set():
            if stop.cancelled:
                raise EngineCancelled("stopped")
            time.sleep(0.001)

    def let_go(self) -> None:
        self._end.set()
        self.thread.join()


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.001)


def test_a_run_alone_is_done_at_once_on_the_thread_that_asks() -> None:
    scheduler = Scheduler()
    asked = Asked(KEYSTROKE, None)
    found = scheduler.join().run(asked.run(lambda _: threading.current_thread(), 1))
    assert found is threading.current_thread()


def test_what_fails_fails_for_who_asked_and_the_next_one_runs() -> None:
    seat = Scheduler().join()

    def fail(_: CancelToken | None) -> None:
        raise EngineError("broken")

    with pytest.raises(EngineError, match="broken"):
        seat.run(Asked(AWAITED, None).run(fail, 1))
    assert seat.run(Asked(AWAITED, None).run(lambda _: 7, 1)) == 7


def test_the_urgent_goes_first() -> None:
    scheduler, order = Scheduler(), list[Urgency]()
    occupied = Occupied(scheduler)
    threads = []
    for place, urgency in enumerate((IDLE, AWAITED, KEYSTROKE)):
        run = Asked(urgency, None).run(lambda _, urgency=urgency: order.append(urgency), 1)  # type: ignore[misc]
        threads.append(in_thread(lambda run=run: scheduler.join().run(run)))  # type: ignore[misc]
        until(lambda place=place: scheduler.num_waiting == place + 1)  # type: ignore[misc]
    occupied.let_go()
    for thread in threads:
        thread.join()
    assert order == [KEYSTROKE, AWAITED, IDLE]


def test_who_is_cancelled_while_waiting_leaves_at_once() -> None:
    scheduler, cancel, left = Scheduler(), CancelToken(), threading.Event()
    occupied = Occupied(scheduler)

    def ask() -> None:
        with pytest.raises(EngineCancelled):
            scheduler.join().run(Asked(KEYSTROKE, cancel).run(lambda _: 1, 1))
        left.set()

    in_thread(ask)
    until(lambda: scheduler.num_waiting == 1)
    cancel.cancel()
    left.wait()
    assert scheduler.num_waiting == 0
    occupied.let_go()


def test_who_was_cancelled_before_does_not_run() -> None:
    seat, cancel = Scheduler().join(), CancelToken()
    cancel.cancel()
    with pytest.raises(EngineCancelled):
        seat.run(Asked(KEYSTROKE, cancel).run(lambda _: pytest.fail("it ran"), 1))
    assert seat.run(Asked(KEYSTROKE, None).run(lambda _: 1, 1)) == 1


def test_a_run_that_is_cancelled_stops() -> None:
    scheduler, cancel, begun = Scheduler(), CancelToken(), threading.Event()

    def do(stop: CancelToken | None) -> None:
        assert stop is not None
        begun.set()
        until(lambda: stop.cancelled)
        raise EngineCancelled("stopped")

    def ask() -> None:
        with pytest.raises(EngineCancelled):
            scheduler.join().run(Asked(KEYSTROKE, cancel).run(do, 1))

    thread = in_thread(ask)
    begun.wait()
    cancel.cancel()
    thread.join()
    assert scheduler.join().run(Asked(IDLE, None).run(lambda _: 1, 1)) == 1


@pytest.mark.parametrize("urgency", [AWAITED, IDLE])
def test_a_long_run_is_put_off_for_a_keystroke_and_done_again(urgency: Urgency) -> None:
    scheduler = Scheduler()
    occupied = Occupied(scheduler, urgency, LONG_TOKENS + 1)
    assert scheduler.join().run(Asked(KEYSTROKE, None).run(lambda _: 5, 1)) == 5
    until(lambda: occupied.num_begun == 2)
    occupied.let_go()


def test_what_has_waited_long_is_not_put_off() -> None:
    """A clock that stands still where the test says, so that the run is due when it begins."""
    now_s = [0.0]
    scheduler = Scheduler(lambda: now_s[0])
    first = Occupied(scheduler)
    begun = threading.Event()
    may_end = threading.Event()

    def do(stop: CancelToken | None) -> bool:
        assert stop is not None
        begun.set()
        may_end.wait()
        return stop.cancelled

    was_put_off = list[bool]()
    idle = in_thread(lambda: was_put_off.append(scheduler.join().run(Asked(IDLE, None).run(do, 500))))
    until(lambda: scheduler.num_waiting == 1)
    now_s[0] = 1000.0
    first.let_go()
    begun.wait()
    typed = in_thread(lambda: scheduler.join().run(Asked(KEYSTROKE, None).run(lambda _: 1, 1)))
    until(lambda: scheduler.num_waiting == 1)
    may_end.set()
    idle.join()
    typed.join()
    assert was_put_off == [False]


def test_nobody_is_put_off_for_what_is_no_keystroke_nor_where_the_run_is_short() -> None:
    for running, tokens, asks in ((IDLE, 500, AWAITED), (KEYSTROKE, 500, KEYSTROKE), (IDLE, LONG_TOKENS, KEYSTROKE)):
        scheduler = Scheduler()
        occupied = Occupied(scheduler, running, tokens)
        asked = in_thread(
            lambda scheduler=scheduler, asks=asks: scheduler.join().run(Asked(asks, None).run(lambda _: 1, 1))  # type: ignore[misc]
        )
        until(lambda scheduler=scheduler: scheduler.num_waiting == 1)  # type: ignore[misc]
        occupied.let_go()
        asked.join()
        assert occupied.num_begun == 1


@pytest.mark.parametrize("seed", range(3))
def test_many_sessions_at_once(seed: int) -> None:
    """Runs never overlap, every run is done or cancelled, and no thread is left waiting."""
    scheduler, inside, overlaps = Scheduler(), [0], [0]
    outcomes = Counter[str]()
    lock = threading.Lock()

    def do(stop: CancelToken | None, random_s: float) -> int:
        assert stop is not None
        inside[0] += 1
        overlaps[0] += inside[0] > 1
        try:
            end_s = time.monotonic() + random_s
            while time.monotonic() < end_s:
                if stop.cancelled:
                    raise EngineCancelled("stopped")
                time.sleep(0.0002)
        finally:
            inside[0] -= 1
        return 1

    def session(number: int) -> None:
        own, seat = random.Random(seed * 100 + number), scheduler.join()
        for _ in range(30):
            cancel, urgency = CancelToken(), own.choice(list(Urgency))
            timer = threading.Timer(own.random() * 0.01, cancel.cancel) if own.random() < 0.3 else None
            if timer is not None:
                timer.start()
            random_s, num_tokens = own.random() * 0.002, own.choice([1, 100])
            try:
                run: Run[int] = Asked(urgency, cancel).run(lambda stop, s=random_s: do(stop, s), num_tokens)  # type: ignore[misc]
                what = "done" if seat.run(run) == 1 else "lost"
            except EngineCancelled:
                what = "cancelled" if cancel.cancelled else "lost"
            with lock:
                outcomes[what] += 1
        seat.leave()

    threads = [in_thread(lambda number=number: session(number)) for number in range(8)]  # type: ignore[misc]
    for thread in threads:
        thread.join()
    assert overlaps == [0]
    assert outcomes["lost"] == 0
    assert outcomes["done"] + outcomes["cancelled"] == 8 * 30
    assert outcomes["done"] > 100
    assert scheduler.num_waiting == 0


def test_a_few_side_by_side_and_no_more() -> None:
    scheduler = Scheduler(num_at_once=2)
    first, second = Occupied(scheduler, IDLE, 500), Occupied(scheduler, AWAITED, 1)
    waits = in_thread(lambda: scheduler.join().run(Asked(AWAITED, None).run(lambda _: 1, 1)))
    until(lambda: scheduler.num_waiting == 1)
    assert scheduler.join().run(Asked(KEYSTROKE, None).run(lambda _: 5, 1)) == 5, "the long one is put off"
    until(lambda: first.num_begun == 2)
    second.let_go()
    waits.join()
    first.let_go()


def test_a_session_that_leaves_is_forgotten_and_may_ask_again() -> None:
    seat: Seat = Scheduler().join()
    seat.run(Asked(IDLE, None).run(lambda _: 1, 1))
    seat.leave()
    with suppress(EngineCancelled):
        assert seat.run(Asked(IDLE, None).run(lambda _: 1, 1)) == 1
