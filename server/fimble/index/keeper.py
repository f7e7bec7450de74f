"""Follows several workspaces in one process, each on a thread of its own: one that fails or hangs takes no other along.

A line of output tells by ``root`` which workspace it speaks of.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from fimble.errors import FimbleError, FolderTooWide
from fimble.index import memory
from fimble.index.orders import Order, Wish
from fimble.index.worker import Tell, Worker

logger = logging.getLogger(__name__)

AGAIN_S = (1.0, 10.0, 60.0)
"""A workspace whose index fails is tried again so much later, and after the last no more."""

MakeWorker = Callable[[str, Wish, Sequence[Sequence[str]], Tell], Worker]
"""A folder, how it is to be followed, what is disabled beside one's own, and who is told -> who follows it.

Raises ``FolderTooWide`` where a person has to be asked first, and other ``FimbleError``."""
IS_HOME = "home"
"""The ``code`` of a problem: the folder is so wide that a person has to be asked first."""


class Keeper:
    """Takes orders on one thread."""

    def __init__(self, make_worker: MakeWorker, tell: Tell, delays_s: Sequence[float] = AGAIN_S) -> None:
        self._make_worker, self._tell, self._delays_s = make_worker, tell, delays_s
        self._followed: dict[str, _Followed] = {}

    def hear(self, order: Order) -> None:
        """Do as ordered, or pass it on to those whom it concerns."""
        if order.problem and not order.root:
            self._tell({"note": order.problem})
            return
        known = self._followed.get(order.root)
        if order.wish is not None:
            self._follow(order, order.wish, known)
        elif order.is_leaving:
            if known is not None:
                known.end()
        else:
            for one in [known] if order.root else list(self._followed.values()):
                if one is not None:
                    one.hear(order)

    def close(self, timeout_s: float | None = None) -> None:
        """End all work, and wait for it."""
        for one in self._followed.values():
            one.end()
        for one in self._followed.values():
            one.thread.join(timeout_s)

    def _follow(self, order: Order, wish: Wish, before: _Followed | None) -> None:
        if before is not None:
            before.end()
        root, disabled = order.root, order.disabled_paths or ()

        def tell(line: dict[str, Any]) -> None:
            self._tell({"root": root, **line})

        def make() -> Worker:
            return self._make_worker(root, wish, disabled, tell)

        self._followed[root] = _Followed(make, tell, self._delays_s, before)


class _Followed:
    """One workspace and the thread that follows it."""

    def __init__(
        self, make: Callable[[], Worker], tell: Tell, delays_s: Sequence[float], before: _Followed | None
    ) -> None:
        self._make, self._tell, self._delays_s, self._before = make, tell, delays_s, before
        self._lock = threading.Lock()
        self._early: list[Order | None] = []
        """What came before there was a worker."""
        self._worker: Worker | None = None
        self._is_over = False
        self.thread = threading.Thread(target=self._run, name="fimble-index", daemon=True)
        self.thread.start()

    def hear(self, order: Order | None) -> None:
        with self._lock:
            if self._is_over:
                return
            if self._worker is None:
                self._early.append(order)
            else:
                self._worker.orders.put(order)

    def end(self) -> None:
        self.hear(None)

    def _run(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            before.thread.join()
        try:
            self._keep()
        finally:
            with self._lock:
                self._is_over, self._worker = True, None
        memory.give_back()

    def _keep(self) -> None:
        """Until it is ended, or has failed too often."""
        worker: Worker | None = None
        for delay_s in (*self._delays_s, None):
            try:
                worker = worker or self._begun()
                worker.run()
                return
            except FolderTooWide as error:
                self._tell({"problem": error.what, "code": IS_HOME})
                return
            except FimbleError as error:
                self._tell({"problem": str(error)})
            except Exception as error:
                logger.exception("The index fails")
                self._tell({"problem": f"The index fails ({type(error).__name__}: {error})."})
            if worker is None or delay_s is None:
                self._tell({"ended": True})
                return
            if not worker.rest(delay_s):
                return

    def _begun(self) -> Worker:
        worker = self._make()
        with self._lock:
            self._worker = worker
            for order in self._early:
                worker.orders.put(order)
            self._early.clear()
        return worker
