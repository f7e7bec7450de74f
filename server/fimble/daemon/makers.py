"""What a process that shares models needs of the room above: who finds, opens and uses them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Protocol, TypeVar

from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.engine.memory import KvMemory
from fimble.engine.runner import Runner

if TYPE_CHECKING:
    from fimble.lsp.model import LoadedModel


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
