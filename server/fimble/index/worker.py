"""Keeps one workspace's index fresh while an editor is open, at the lowest priority.

It is told what happens and tells how it goes. It may be ended at any moment: the index is always whole.
"""

from __future__ import annotations

import contextlib
import math
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fimble.errors import FimbleError, IndexDamaged, IndexFull
from fimble.index import memory
from fimble.index.indexer import WORDS, Indexer, Progress
from fimble.index.orders import Order
from fimble.index.places import Place
from fimble.index.store import Store
from fimble.privacy import Privacy

MAX_MEMORY_MB = 600
"""For the process, whatever it follows."""
_TELL_EVERY_S = 0.25
_AGAIN_S = 1.0
"""After this a file that was being written is read again; each time that it still is, twice as long."""
_MAX_TRIES = 6
_REST_S = 5.0
"""After so long without work the memory that work takes is given back."""
_POLL_S = 1.0
"""So often it is looked whether another process still keeps the index."""

Tell = Callable[[dict[str, Any]], None]
MakeIndexer = Callable[[Store, Privacy, Callable[[str], None]], Indexer]
"""The store, the rules and who is told of notes -> who fills the store."""


class Worker:
    """Follows one workspace. ``orders`` may be filled by another thread; everything else happens in ``run``."""

    def __init__(
        self,
        place: Place,
        make_indexer: MakeIndexer,
        disabled_paths: Sequence[str],
        max_mb: int,
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
        also_disabled: Sequence[Sequence[str]] = (),
    ) -> None:
        """``also_disabled``: further lists, each for itself; an order replaces them."""
        self.orders: queue.Queue[Order | None] = queue.Queue()
        """``None`` ends the work."""
        self._place = place
        self._make_indexer = make_indexer
        self._own_disabled = tuple(disabled_paths)
        self._privacy = self._ruled(also_disabled)
        self._max_mb = max_mb
        self._tell = tell
        self._clock = clock
        self._paused_until_s = 0.0
        self._again: dict[Path, float] = {}
        """Files that somebody is writing, with the time at which they are looked at again."""
        self._tries: dict[Path, int] = {}
        self._told_s: dict[str, float] = {}
        self._kept: list[Order | None] = []
        """An order that was taken and is the next, at most one."""
        self._is_meaning_due = False
        self._is_full = False
        """Whether a person knows that there is no room; it is told again after the next scan that they cause."""
        self._is_heavy = False
        self._rest_due_s = math.inf

    def run(self) -> None:
        """Until the orders end. Raises ``IndexUnavailable`` where nothing can be written any more."""
        is_told = False
        while True:
            with self._place.locked(wait=False) as is_ours:
                if is_ours:
                    self._work()
                    return
            if not is_told:
                is_told = True
                self._note("Another fimble keeps the index of this workspace; this one takes over when that one ends.")
            if not self.rest(_POLL_S):
                return

    def rest(self, seconds: float) -> bool:
        """Do nothing for so long, but hear what is disabled. ``False`` where the work is to end."""
        until_s = self._clock() + seconds
        while (left_s := until_s - self._clock()) > 0:
            try:
                order = self.orders.get(timeout=left_s)
            except queue.Empty:
                break
            if order is None:
                return False
            if order.disabled_paths is not None:
                self._privacy = self._ruled(order.disabled_paths)
        return True

    def _ruled(self, also_disabled: Sequence[Sequence[str]]) -> Privacy:
        return Privacy(self._own_disabled, [self._place.root], also_disabled=also_disabled)

    def _work(self) -> None:
        damages = 0
        while True:
            self._place.begin()
            store = Store.open(self._place.folder, self._note, self._max_mb)
            try:
                self._follow(store)
                return
            except IndexDamaged as error:
                damages += 1
                if damages > 2:
                    raise
                self._note(f"{error.what} It is built anew.")
                self._place.remove_database()
            finally:
                with contextlib.suppress(FimbleError):
                    store.close()

    def _follow(self, store: Store) -> None:
        indexer = self._make_indexer(store, self._privacy, self._note)
        job: Iterator[Progress] | None = indexer.steps()
        while True:
            try:
                order = self._next_order(self._wait_s(job is not None))
            except queue.Empty:
                if job is None and self._rest_due_s <= self._clock():
                    self._give_back(store)
                else:
                    job = self._step(indexer, job)
                    self._rest_due_s = self._clock() + _REST_S
                continue
            if order is None:
                return
            self._rest_due_s = self._clock() + _REST_S
            if order.problem:
                self._note(order.problem)
            if order.pause_ms:
                self._paused_until_s = self._clock() + order.pause_ms / 1000
            if order.disabled_paths is not None:
                self._privacy = self._ruled(order.disabled_paths)
                indexer = self._make_indexer(store, self._privacy, self._note)
            is_scan_due = order.is_rescan or order.disabled_paths is not None
            is_scan_due |= self._update(indexer, order.changed)
            if is_scan_due:
                self._is_full = False
                job = indexer.steps()
            elif order.changed:
                self._is_meaning_due = True
                job = job or self._next_job(indexer)

    def _next_order(self, timeout_s: float | None) -> Order | None:
        """Files that are told several times in a row, by each window that has the folder open, are read once."""
        order = self._kept.pop() if self._kept else self.orders.get(timeout=timeout_s)
        while order is not None and order == Order(changed=order.changed, root=order.root):
            try:
                after = self.orders.get_nowait()
            except queue.Empty:
                break
            if after is None or after != Order(changed=after.changed, root=after.root):
                self._kept.append(after)
                break
            order = replace(order, changed=tuple(dict.fromkeys((*order.changed, *after.changed))))
        return order

    def _wait_s(self, has_job: bool) -> float | None:
        """How long nothing but an order has to be done; ``None`` where only an order can make work."""
        now_s = self._clock()
        waits = [due_s - now_s for due_s in self._again.values()]
        if has_job:
            waits.append(self._paused_until_s - now_s)
        elif self._rest_due_s < math.inf:
            waits.append(self._rest_due_s - now_s)
        return max(min(waits), 0.0) if waits else None

    def _give_back(self, store: Store) -> None:
        self._rest_due_s = math.inf
        store.rest()
        memory.give_back()

    def _step(self, indexer: Indexer, job: Iterator[Progress] | None) -> Iterator[Progress] | None:
        """The next piece of work, and what of the job remains."""
        now_s = self._clock()
        if due := [path for path, due_s in self._again.items() if due_s <= now_s]:
            self._is_meaning_due = True
            return indexer.steps() if self._update(indexer, due) else job or self._next_job(indexer)
        if job is None or now_s < self._paused_until_s:
            return job
        try:
            progress = next(job, None)
        except IndexFull as error:
            self._full(error)
            return None
        if progress is None:
            return self._next_job(indexer)
        self._show(progress)
        if progress.phase == WORDS and progress.is_over:
            self._look_again(indexer.changing)
        if progress.phase != WORDS and self._is_too_large():
            return None
        return job

    def _next_job(self, indexer: Indexer) -> Iterator[Progress] | None:
        """What is to be done when a job is over: vectors for what was saved while it ran."""
        if not self._is_meaning_due:
            return None
        self._is_meaning_due = False
        return indexer.meaning()

    def _update(self, indexer: Indexer, paths: Sequence[Path]) -> bool:
        """Whether a scan is due."""
        for path in paths:
            self._again.pop(path, None)
        try:
            updated = indexer.update(paths)
        except IndexFull as error:
            self._full(error)
            return False
        for path in set(paths) - set(updated.changing):
            self._tries.pop(path, None)
        self._look_again(updated.changing)
        if updated.paths:
            self._tell({"updated": list(updated.paths)})
        return updated.is_scan_due

    def _look_again(self, paths: Sequence[Path]) -> None:
        for path in paths:
            tries = self._tries.get(path, 0)
            if tries < _MAX_TRIES:
                self._tries[path] = tries + 1
                self._again[path] = self._clock() + _AGAIN_S * 2**tries

    def _show(self, progress: Progress) -> None:
        if progress.is_over:
            self._told_s.pop(progress.phase, None)
            self._tell({"phase": progress.phase, "done": progress.total, "total": progress.total})
            self._tell({"ready": progress.phase})
            return
        now_s = self._clock()
        if now_s - self._told_s.get(progress.phase, -_TELL_EVERY_S) >= _TELL_EVERY_S:
            self._told_s[progress.phase] = now_s
            self._tell({"phase": progress.phase, "done": progress.done, "total": progress.total})

    def _is_too_large(self) -> bool:
        """Whether the process, with all that it follows, takes more than it may."""
        if memory.used_mb() <= MAX_MEMORY_MB:
            return False
        memory.give_back()
        if memory.used_mb() <= MAX_MEMORY_MB:
            return False
        if not self._is_heavy:
            self._is_heavy = True
            self._tell(
                {
                    "problem": f"The index takes more than {MAX_MEMORY_MB} MB of memory, so search by meaning stays "
                    "as it is until it takes less. Search by words goes on."
                }
            )
        return True

    def _full(self, error: IndexFull) -> None:
        if not self._is_full:
            self._tell({"problem": str(error)})
        self._is_full = True

    def _note(self, sentence: str) -> None:
        self._tell({"note": sentence})
