"""Loaded once, used by all: a model's weights, and the memory for what sessions have read.

Each session has an engine of its own, with slots, an adapter and a pace of its own. What they share is the loaded
graph, the tokenizer, the processor (``scheduler.Scheduler``) and the cap for keys and values. Weights that nobody has
used for a while are given back, and loaded again with the next request.

This room joins nothing itself: the room above hands in who finds, opens and uses a model (``Makers``).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.daemon.freeing import give_free_memory_back
from fimble.daemon.lent import LentModel
from fimble.daemon.makers import Makers, Opened
from fimble.daemon.scheduler import Scheduler, Seat
from fimble.daemon.shelf import Held, Shelf
from fimble.engine.base import Urgency
from fimble.engine.memory import KvMemory
from fimble.engine.runner import Asked, Run
from fimble.errors import ModelFolderInvalid

if TYPE_CHECKING:
    from fimble.lsp.model import LoadedModel

logger = logging.getLogger(__name__)

AT_ONCE = {"cpu": 1, "cuda": 4}
"""Runs side by side. The processor's cores are all at work in one; of a large GPU one fills but a part."""
LOOK_S = 20.0
"""How often it is looked for weights that nobody uses."""


S = TypeVar("S", bound=Opened)
T = TypeVar("T")


class _Noting:
    """A session's runner, which notes that the model is used."""

    def __init__(self, seat: Seat, note: Callable[[], None]) -> None:
        self._seat, self._note = seat, note

    def run(self, run: Run[T]) -> T:
        """See ``runner.Runner``."""
        self._note()
        try:
            return self._seat.run(run)
        finally:
            self._note()


class Sharing(Generic[S]):
    """All loaded models of a process. Thread-safe."""

    def __init__(self, makers: Makers[S], clock: Callable[[], float] = time.monotonic) -> None:
        self._makers, self._clock = makers, clock
        self._lock = threading.Lock()
        self._shelf: Shelf[S] = Shelf()
        self._lent: dict[LentModel, tuple[Held[S], Config]] = {}
        self._minutes = 0
        """How long unused weights are kept, as the last session said; 0 for ever."""
        self.memory = KvMemory(0)
        self._schedulers = {provider: Scheduler(clock, number) for provider, number in AT_ONCE.items()}
        self._closed = threading.Event()
        self._caretaker: threading.Thread | None = None

    def load(
        self,
        config: Config,
        elsewhere: Elsewhere,
        adjustment: Callable[[], float],
        on_progress: Callable[[str], None],
    ) -> LoadedModel:
        """A session's model: a ``lsp.model.Loader``. Its ``close`` gives the session's part back.

        The first session waits until it is loaded, and those that come meanwhile with it. Raises ``FimbleError``; the
        next one tries again.
        """
        key = self._makers.find(config)
        if key is None:
            return self._makers.alone(config, elsewhere, adjustment, on_progress)
        on_progress(f"loading {config.model}")
        shared = self._shelf.take(key)
        try:
            return self._lend(shared, config, elsewhere, adjustment)
        except BaseException:
            self._shelf.give_back(shared)
            raise

    def _lend(
        self, shared: Held[S], config: Config, elsewhere: Elsewhere, adjustment: Callable[[], float]
    ) -> LentModel:
        """Open it unless it is, for a session that it was taken for."""
        with shared.opening:
            if shared.opened is None:
                self._make_room()
                shared.opened = self._makers.open(config)
            opened = shared.opened
            self._note(shared)
            opened.graph.load()
        seat = self._schedulers[opened.graph.provider].join()
        runner = _Noting(seat, lambda: self._note(shared))
        self._resize(config)
        own = self._makers.lend(opened, config, elsewhere, adjustment, runner, self.memory)
        lent = LentModel(own, opened.graph, lambda: self._wake(shared, config), lambda: self._give_back(lent, seat))
        with self._lock:
            self._lent[lent] = shared, config
        self._look_after()
        return lent

    def state(self) -> dict[str, Any]:
        """For people and programs: the models that are held, and the memory for what was read, in MB."""
        with self._lock:
            users = [shared for shared, _ in self._lent.values()]
        models = [
            {
                "model": shared.opened.name,
                "provider": shared.opened.graph.provider,
                "sessions": users.count(shared),
                "loaded": shared.opened.graph.is_loaded,
            }
            for shared in self._shelf.models()
            if shared.opened is not None
        ]
        return {
            "models": models,
            "kv_mb": round(self.memory.num_bytes / 2**20, 1),
            "kv_cap_mb": self.memory.max_bytes // 2**20,
            "waiting_runs": sum(scheduler.num_waiting for scheduler in self._schedulers.values()),
        }

    def unload_unused(self) -> None:
        """Give back the weights that nobody has used for as long as the options say, and what was read with them."""
        limit_s = self._minutes * 60
        for shared in self._shelf.models():
            if self._is_unused(shared, limit_s):
                self._unload(shared, limit_s)

    def close(self) -> None:
        """Let go of all models; no session may ask any more."""
        self._closed.set()
        self._shelf.clear()
        with self._lock:
            caretaker = self._caretaker
        if caretaker is not None and caretaker is not threading.current_thread():
            caretaker.join()

    def _is_unused(self, shared: Held[S], limit_s: float) -> bool:
        is_loaded = shared.opened is not None and shared.opened.graph.is_loaded
        return is_loaded and limit_s > 0 and self._clock() - shared.used_s >= limit_s

    def _unload(self, shared: Held[S], limit_s: float) -> None:
        """When its turn comes, in idle time; unless it was used again meanwhile."""
        if shared.opened is None:
            return
        graph = shared.opened.graph

        def do(_: object) -> None:
            if self._is_unused(shared, limit_s):
                self.memory.drop_all(graph)
                graph.unload()
                give_free_memory_back()

        seat = self._schedulers[graph.provider].join()
        seat.run(Asked(Urgency.IDLE, None).run(do, 1))
        seat.leave()
        if graph.is_loaded:
            return
        self._shelf.drop(shared)
        logger.info("The weights of %s are unloaded: nobody has used them for %g s.", shared.opened.name, limit_s)

    def _make_room(self) -> None:
        """Before a model is opened, let those go that no session has: it may be the next in their place."""
        for shared in self._shelf.models():
            if shared.opened is not None and self._shelf.drop(shared):
                self.memory.drop_all(shared.opened.graph)
                shared.opened.graph.unload()
                give_free_memory_back()
                logger.info("%s is let go: no window has it.", shared.opened.name)

    def _wake(self, shared: Held[S], config: Config) -> None:
        """Only what a session began with: its tokenizer, and what it keeps, fit no other weights."""
        self._note(shared)
        if shared.opened is None or shared.opened.graph.is_loaded:
            return
        if self._makers.find(config) != shared.key:
            raise ModelFolderInvalid(
                f"{shared.opened.name} was replaced on the disk since this window began.", "Reload the window."
            )
        shared.opened.graph.load()

    def _note(self, shared: Held[S]) -> None:
        shared.used_s = self._clock()

    def _give_back(self, lent: LentModel, seat: Seat) -> None:
        seat.leave()
        with self._lock:
            shared, _ = self._lent.pop(lent)
        self._shelf.give_back(shared)
        self._resize()

    def _resize(self, *new: Config) -> None:
        """The memory is what the most generous of the sessions allows; the last one says how long weights are kept."""
        with self._lock:
            configs = [*(config for _, config in self._lent.values()), *new]
            if configs:
                self.memory.max_bytes = max(one.kv_cache_mb for one in configs) * 2**20
                self._minutes = configs[-1].idle_unload_minutes
        self.memory.shrink()

    def _look_after(self) -> None:
        """Have a thread look for unused weights from now on."""
        with self._lock:
            if self._caretaker is None and not self._closed.is_set():
                self._caretaker = threading.Thread(target=self._take_care, name="fimble-weights", daemon=True)
                self._caretaker.start()

    def _take_care(self) -> None:
        while not self._closed.wait(LOOK_S):
            try:
                self.unload_unused()
            except Exception:
                logger.exception("Weights could not be unloaded")
