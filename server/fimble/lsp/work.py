"""Long work on the engine's thread, in turns: whoever waits for ghost text goes first.

One piece is done at a time, in the order of asking; a newer one for the same document takes the older one's place.
Work is done in steps. A short request interrupts the step that runs, is answered, and the work goes on where it
was. What needs no engine, such as a check that runs a compiler, has a thread of its own meanwhile. A piece that is
stopped is answered at once; the engine notices within milliseconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from fimble.errors import ActionRefused, EngineCancelled, EngineError, FimbleError
from fimble.features.generation.turn import Turn

if TYPE_CHECKING:
    from fimble.features.actions.action import Done
    from fimble.features.generation.steps import Job, Steps

logger = logging.getLogger(__name__)
_T = TypeVar("_T")


class Piece:
    """One piece of work. Used on the event loop's thread."""

    def __init__(self, uri: str, is_edit: bool) -> None:
        """``is_edit``: whether it is of no use once the document has changed."""
        self.uri, self.is_edit = uri, is_edit
        self.turn = Turn()
        loop = asyncio.get_running_loop()
        self.may_begin: asyncio.Future[None] = loop.create_future()
        self._stopped: asyncio.Future[FimbleError] = loop.create_future()

    def stop(self, why: FimbleError) -> None:
        """It is not wanted any more; only the first reason counts."""
        if not self._stopped.done():
            self._stopped.set_result(why)
        self.turn.cancel.cancel()

    async def wait_for(self, other: asyncio.Future[Any]) -> None:
        """Wait until ``other`` has ended; raises why this piece is stopped, if that comes first."""
        await asyncio.wait((other, self._stopped), return_when=asyncio.FIRST_COMPLETED)
        if self._stopped.done():
            raise self._stopped.result()


class Work:
    """The pieces asked for and not done yet. Used on the event loop's thread."""

    def __init__(
        self,
        engine_thread: Executor,
        on_start: Callable[[], None] = lambda: None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_start`` is called when a piece begins: work in idle time has to give way.

        ``on_change`` is called when there is work, and when there is no more.
        """
        self._engine_thread, self._on_start, self._on_change = engine_thread, on_start, on_change
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fimble-checks")
        self._line: list[Piece] = []

    async def do(self, piece: Piece, begin: Callable[[Turn], Steps[Done]]) -> Done:
        """What comes of the steps that ``begin`` gives. Raises ``FimbleError``: theirs, or why it was stopped."""
        for older in self._line:
            if older.uri == piece.uri:
                older.stop(EngineCancelled("A newer action for the same document took its place."))
        self._line.append(piece)
        self._on_change()
        self._call_next()
        try:
            await piece.wait_for(piece.may_begin)
            self._on_start()
            return await self._do(piece, begin(piece.turn))
        finally:
            self._line.remove(piece)
            self._call_next()
            self._on_change()

    @property
    def is_busy(self) -> bool:
        """Whether a person waits for any of it."""
        return bool(self._line)

    def give_way(self) -> None:
        """A person waits for something short."""
        if self._line:
            self._line[0].turn.give_way()

    def changed(self, uri: str) -> None:
        """A document has another text: what would edit the older one stops."""
        why = ActionRefused("The document changed while fimble wrote; nothing was changed.", "Ask again.")
        self._stop(why, lambda piece: piece.uri == uri and piece.is_edit)

    def closed(self, uri: str) -> None:
        """A document is closed: nobody waits for what was asked in it."""
        why = ActionRefused(
            "The document was closed while fimble wrote; nothing was changed.", "Open it and ask again."
        )
        self._stop(why, lambda piece: piece.uri == uri)

    def stop_all(self) -> None:
        """The session ends."""
        self._stop(EngineCancelled("The session ends."), lambda _: True)
        self._aside.shutdown(wait=False, cancel_futures=True)

    def _stop(self, why: FimbleError, concerns: Callable[[Piece], bool]) -> None:
        for piece in self._line:
            if concerns(piece):
                piece.stop(why)

    def _call_next(self) -> None:
        if self._line and not self._line[0].may_begin.done():
            self._line[0].may_begin.set_result(None)

    async def _do(self, piece: Piece, steps: Steps[Done]) -> Done:
        loop = asyncio.get_running_loop()
        while True:
            piece.turn.begin()
            try:
                running = loop.run_in_executor(self._engine_thread, _step, steps, piece.turn)
            except RuntimeError as error:
                raise EngineCancelled("The session ends.") from error
            await piece.wait_for(running)
            found: Done | FimbleError | Job | None = running.result()
            if callable(found):
                beside = loop.run_in_executor(self._aside, _run, found)
                await piece.wait_for(beside)
                found = beside.result()
            if isinstance(found, FimbleError):
                raise found
            if found is not None:
                return found


def _step(steps: Steps[Done], turn: Turn) -> Done | FimbleError | Job | None:
    """Go on; what came of it, how it failed, a job to do before, or ``None`` where there is more to do.

    On the engine's thread.
    """
    if turn.cancel.cancelled:
        return EngineCancelled("The work was stopped.")

    def on() -> Done | Job | None:
        try:
            return next(steps)
        except StopIteration as end:
            done: Done = end.value
            return done

    return _run(on)


def _run(work: Callable[[], _T]) -> _T | FimbleError:
    """What comes of ``work``, or how it failed."""
    try:
        return work()
    except FimbleError as error:
        return error
    except Exception as error:
        logger.exception("An action failed")
        return EngineError(f"It failed ({type(error).__name__}: {error}).", "The log says more.")
