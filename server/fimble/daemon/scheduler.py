"""One run at a time on the processor, or a few on a GPU, for the engines of all sessions.

Each engine works on its own thread and hands over single runs. Its thread waits here until ``line.Line`` says that it
is its turn, does the run itself, and calls the next. Where a keystroke comes while a long run is done for what is less
urgent, that is broken off and done again later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from fimble.daemon.line import Line, Waiting
from fimble.engine.base import CancelToken, Urgency
from fimble.engine.runner import Run
from fimble.errors import EngineCancelled

T = TypeVar("T")

LONG_TOKENS = 16
"""A run of more takes so long that it is broken off for the sake of a keystroke."""


class _Ticket:
    """One run that waits, or is being done."""

    def __init__(self, waiting: Waiting, run: Run[Any]) -> None:
        self.waiting, self.run = waiting, run
        self.called = threading.Event()
        """It is its turn, or it is cancelled."""
        self.stop = CancelToken()
        """Ends the run: it is cancelled, or put off."""
        self.is_cancelled = False
        self.is_put_off = False
        self.begun_s = 0.0

    @property
    def may_be_put_off(self) -> bool:
        """What has waited long enough is not."""
        is_due = self.waiting.due_s <= self.begun_s
        is_long = self.run.num_tokens > LONG_TOKENS and not self.is_put_off
        return self.waiting.urgency is not Urgency.KEYSTROKE and is_long and not is_due


class Scheduler:
    """Lets runs in, one at a time. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, num_at_once: int = 1) -> None:
        """``num_at_once``: how many runs go on side by side, where a single one does not fill the device."""
        self._clock, self._line, self._num_at_once = clock, Line(), num_at_once
        self._lock = threading.Lock()
        self._tickets: dict[Waiting, _Ticket] = {}
        """Of those in line."""
        self._running: set[_Ticket] = set()

    def join(self) -> Seat:
        """For one more session."""
        return Seat(self)

    @property
    def num_waiting(self) -> int:
        """Runs in line."""
        with self._lock:
            return len(self._line)

    def run(self, seat: Seat, run: Run[T]) -> T:
        """See ``runner.Runner``."""
        since_s = self._clock()
        while True:
            ticket = _Ticket(Waiting(seat, run.urgency, run.asked_s, since_s), run)
            try:
                return self._do(ticket, run)
            except EngineCancelled:
                if not ticket.is_put_off or ticket.is_cancelled:
                    raise

    def forget(self, seat: Seat) -> None:
        """The session is over, and waits for nothing."""
        with self._lock:
            self._line.forget(seat)

    def _do(self, ticket: _Ticket, run: Run[T]) -> T:
        remove = run.cancel.on_cancel(lambda: self._cancel(ticket)) if run.cancel is not None else lambda: None
        try:
            self._enter(ticket)
            ticket.called.wait()
            if ticket.is_cancelled:
                raise EngineCancelled("The request was cancelled.")
            return run.do(ticket.stop)
        finally:
            remove()
            self._leave(ticket)

    def _enter(self, ticket: _Ticket) -> None:
        """Get in line, unless it is cancelled already; what runs gives way where it has to."""
        with self._lock:
            if ticket.is_cancelled:
                return
            self._line.add(ticket.waiting)
            self._tickets[ticket.waiting] = ticket
            self._call_next()
            gives_way = None
            if ticket not in self._running and ticket.waiting.urgency is Urgency.KEYSTROKE:
                gives_way = next((one for one in self._running if one.may_be_put_off), None)
            if gives_way is not None:
                gives_way.is_put_off = True
        if gives_way is not None:
            gives_way.stop.cancel()

    def _leave(self, ticket: _Ticket) -> None:
        """It is done, failed or given up."""
        with self._lock:
            self._out_of_line(ticket)
            if ticket in self._running:
                self._line.charge(ticket.waiting.session, (self._clock() - ticket.begun_s) * 1000)
                self._running.remove(ticket)
                self._call_next()

    def _call_next(self) -> None:
        """Under the lock."""
        now_s = self._clock()
        while len(self._running) < self._num_at_once and (chosen := self._line.next(now_s)) is not None:
            ticket = self._tickets.pop(chosen)
            ticket.begun_s = now_s
            self._running.add(ticket)
            ticket.called.set()

    def _cancel(self, ticket: _Ticket) -> None:
        """On the thread that cancels: who waits leaves at once, what runs is told to stop."""
        with self._lock:
            ticket.is_cancelled = True
            self._out_of_line(ticket)
        ticket.called.set()
        ticket.stop.cancel()

    def _out_of_line(self, ticket: _Ticket) -> None:
        self._line.remove(ticket.waiting)
        self._tickets.pop(ticket.waiting, None)


class Seat:
    """One session's ``runner.Runner``."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def run(self, run: Run[T]) -> T:
        """See ``runner.Runner``."""
        return self._scheduler.run(self, run)

    def leave(self) -> None:
        """The session is over."""
        self._scheduler.forget(self)
