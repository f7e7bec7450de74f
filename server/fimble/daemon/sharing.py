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
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.daemon.freeing import give_free_memory_back
from fimble.daemon.lent import LentModel
from fimble.daemon.scheduler import Scheduler, Seat
from fimble.engine.base import Urgency
from fimble.engine.memory import KvMemory
from fimble.engine.runner import Asked, Run, Runner

if TYPE_CHECKING:
    from fimble.lsp.model import LoadedModel

logger = logging.getLogger(__name__)

AT_ONCE = {"cpu": 1, "cuda": 4}
"""Runs side by side. The processor's cores are all at work in one; of a large GPU one fills but a part."""
LOOK_S = 20.0
"""How often it is looked for weights that nobody uses."""


class Graph(Protocol):
    """Loaded weights: ``engine.session.Session`` and its kin."""

    @property
    def provider(self) -> str:
        """``cpu`` or ``cuda``."""

    @property
    def is_loaded(self) -> bool: ...

    def load(self) -> object:
        """Have the weights in memory; nothing happens where they are. Slow. Raises ``FimbleError``."""

    def unload(self) -> None:
        """Give their memory back, until ``load`` or the next run; once what runs has ended."""


class Opened(Protocol):
    """A model that several sessions can use."""

    @property
    def name(self) -> str: ...
    @property
    def graph(self) -> Graph: ...


S = TypeVar("S", bound=Opened)
T = TypeVar("T")


class Makers(Protocol[S]):
    """Who finds, opens and uses models (``cli.wiring_sharing``)."""

    def find(self, config: Config) -> Hashable:
        """What two sessions share if it is equal; ``None`` where nothing is loaded here. Raises ``FimbleError``."""

    def open(self, config: Config) -> S:
        """Load what ``find`` found, and run it once. Slow. Raises ``FimbleError``."""

    def lend(
        self,
        opened: S,
        config: Config,
        elsewhere: Elsewhere,
        adjustment: Callable[[], float],
        runner: Runner,
        memory: KvMemory,
    ) -> LoadedModel:
        """One session's engine on it, and the features. Quick."""

    def alone(
        self,
        config: Config,
        elsewhere: Elsewhere,
        adjustment: Callable[[], float],
        on_progress: Callable[[str], None],
    ) -> LoadedModel:
        """A model of one session's own, where nothing is loaded here."""


@dataclass(eq=False)
class _Shared(Generic[S]):
    """A model, and when it ran last."""

    opening: threading.Lock = field(default_factory=threading.Lock)
    """Held while it is opened: who comes meanwhile waits."""
    opened: S | None = None
    used_s: float = 0.0


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
        self._models: dict[Hashable, _Shared[S]] = {}
        self._lent: dict[LentModel, tuple[_Shared[S], Config]] = {}
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
        with self._lock:
            shared = self._models.setdefault(key, _Shared())
        with shared.opening:
            if shared.opened is None:
                shared.opened = self._makers.open(config)
            opened = shared.opened
            self._note(shared)
            opened.graph.load()
        seat = self._schedulers[opened.graph.provider].join()
        runner = _Noting(seat, lambda: self._note(shared))
        self._resize(config)
        own = self._makers.lend(opened, config, elsewhere, adjustment, runner, self.memory)
        lent = LentModel(own, opened.graph, lambda: self._wake(shared), lambda: self._give_back(lent, seat))
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
                for shared in self._models.values()
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
        with self._lock:
            limit_s = self._minutes * 60
            unused = [shared for shared in self._models.values() if self._is_unused(shared, limit_s)]
        for shared in unused:
            self._unload(shared, limit_s)

    def close(self) -> None:
        """Let go of all models; no session may ask any more."""
        self._closed.set()
        with self._lock:
            self._models.clear()
            caretaker = self._caretaker
        if caretaker is not None and caretaker is not threading.current_thread():
            caretaker.join()

    def _is_unused(self, shared: _Shared[S], limit_s: float) -> bool:
        is_loaded = shared.opened is not None and shared.opened.graph.is_loaded
        return is_loaded and limit_s > 0 and self._clock() - shared.used_s >= limit_s

    def _unload(self, shared: _Shared[S], limit_s: float) -> None:
        """When its turn comes, in idle time; unless it was used again meanwhile."""
        if shared.opened is None:
            return
        graph = shared.opened.graph

        def do(_: object) -> None:
            if self._is_unused(shared, limit_s):
                self.memory.drop_all(graph)
                graph.unload()
                give_free_memory_back()

        self._schedulers[graph.provider].join().run(Asked(Urgency.IDLE, None).run(do, 1))
        if graph.is_loaded:
            return
        logger.info("The weights of %s are unloaded: nobody has used them for %g s.", shared.opened.name, limit_s)

    def _wake(self, shared: _Shared[S]) -> None:
        self._note(shared)
        if shared.opened is not None:
            shared.opened.graph.load()

    def _note(self, shared: _Shared[S]) -> None:
        shared.used_s = self._clock()

    def _give_back(self, lent: LentModel, seat: Seat) -> None:
        seat.leave()
        with self._lock:
            del self._lent[lent]

    def _resize(self, config: Config) -> None:
        """The memory is what the most generous of the sessions allows; the last one says how long weights are kept."""
        with self._lock:
            configs = [config, *(other for _, other in self._lent.values())]
            self.memory.max_bytes = max(one.kv_cache_mb for one in configs) * 2**20
            self._minutes = config.idle_unload_minutes
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
