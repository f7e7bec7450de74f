"""Where an endpoint takes the place of a model on this machine: configuration -> line -> engine -> features.

Nothing of it is prepared on this machine, so none of the room of weights is asked. httpx is imported here, late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fimble.config import Config
from fimble.errors import EngineCancelled, EngineError

if TYPE_CHECKING:
    from fimble.context.elsewhere import Elsewhere
    from fimble.engine.remote.address import Address
    from fimble.engine.remote.engine import RemoteEngine
    from fimble.features.generation.generator import Generator
    from fimble.lsp.model import LoadedModel, Loader

ENGLISH_S = 5.0
"""The longest time that a question in Chinese waits for its English."""


class RemoteModel:
    """An endpoint ready to answer an editor, or to be tried until it is; ``lsp.model.LoadedModel``."""

    def __init__(
        self, engine: RemoteEngine, config: Config, elsewhere: Elsewhere | None, adjustment: Callable[[], float]
    ) -> None:
        self.engine = engine
        self._elsewhere, self._adjustment = elsewhere, adjustment
        self.english: Callable[[str], str] | None = english_on(engine)
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Go on with other options; what was kept under the old ones is forgotten. On the engine's thread."""
        from fimble.cli.wiring_index import index_readers
        from fimble.engine.remote.pieces import Pieces
        from fimble.features.actions.actions import Actions
        from fimble.features.inline import InlineFeature
        from fimble.prompt.dialect import OURS

        if self._elsewhere is not None:
            self._elsewhere.consult(index_readers(config))
        self.feature = InlineFeature(self.engine, Pieces(), OURS, config, self._elsewhere, self._adjustment)
        self.actions = Actions(generator_on(self.engine), config.run_examples)

    def listen(self, on_problems: Callable[[tuple[str, ...]], None]) -> None:
        """From now on tell what is wrong with the endpoint, on any thread, whenever that changes."""

        def tell() -> None:
            error = self.engine.line.standing.error
            offline = "offline: " if self.engine.line.standing.is_offline else ""
            on_problems((f"{offline}{error}",) if error is not None else ())

        self.engine.line.standing.listen(tell)
        if self.engine.line.standing.error is not None:
            tell()

    @property
    def is_offline(self) -> bool:
        """Whether the endpoint is not even asked; it is tried again by itself."""
        return self.engine.line.standing.is_offline

    @property
    def model(self) -> str:
        return self.engine.info.model

    @property
    def provider(self) -> str:
        return self.engine.info.provider

    @property
    def endpoint(self) -> str:
        """The host that code is sent to."""
        return self.engine.line.address.host

    @property
    def notes(self) -> tuple[str, ...]:
        return ()

    @property
    def is_asleep(self) -> bool:
        """Never: it holds no weights."""
        return False

    def wake(self) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        self.engine.close()


def or_endpoint(local: Loader) -> Loader:
    """A loader of what the options say: the endpoint that they name, else what ``local`` loads."""

    def load(
        config: Config, elsewhere: Elsewhere, adjustment: Callable[[], float], on_progress: Callable[[str], None]
    ) -> LoadedModel:
        choose = load_remote if config.endpoint else local
        return choose(config, elsewhere, adjustment, on_progress)

    return load


def load_remote(
    config: Config,
    elsewhere: Elsewhere | None = None,
    adjustment: Callable[[], float] = lambda: 0.0,
    on_progress: Callable[[str], None] = lambda _: None,
) -> RemoteModel:
    """The endpoint that ``config`` names, asked once; whether it answered is in its standing.

    Raises ``ConfigError`` where nothing may be sent to it.
    """
    on_progress(f"asking {address_in(config).host}")
    return RemoteModel(remote_engine(config), config, elsewhere, adjustment)


def remote_engine(config: Config) -> RemoteEngine:
    """Raises ``ConfigError`` where nothing may be sent to ``config.endpoint``."""
    from fimble.engine.remote.engine import RemoteEngine
    from fimble.engine.remote.keys import find_key
    from fimble.engine.remote.line import Line
    from fimble.prompt.dialect import Dialect

    address, dialect = address_in(config), Dialect(config.endpoint_family)
    entry = config.endpoint_key_name or address.host
    line = Line(address, config.endpoint_model, lambda: find_key(config.endpoint_key, entry))
    line.open()
    return RemoteEngine(line, dialect, config.context_length)


def address_in(config: Config) -> Address:
    """Where ``config.endpoint`` is. Raises ``ConfigError`` where nothing may be sent to it."""
    from fimble.engine.remote.address import address_of

    return address_of(
        config.endpoint,
        allows_plain_http=config.endpoint_plain_http,
        ca_file=config.endpoint_ca_file,
        timeout_s=config.endpoint_timeout_s,
        proxy=config.endpoint_proxy,
    )


def generator_on(engine: RemoteEngine) -> Generator:
    """What follows instructions there."""
    from fimble.engine.remote.pieces import Pieces
    from fimble.features.generation.generator import Generator
    from fimble.prompt.chat import ChatPrompts
    from fimble.prompt.dialect import OUR_CHAT

    return Generator(engine, Pieces(), ChatPrompts(OUR_CHAT, Pieces()), frozenset())


def english_on(engine: RemoteEngine) -> Callable[[str], str]:
    """What puts a question into English there.

    It raises ``EngineError``, too, where that takes longer than anybody waits: meanwhile nothing else is asked.
    """
    import threading

    from fimble.engine.base import CancelToken
    from fimble.engine.remote.pieces import Pieces
    from fimble.features.english import English
    from fimble.prompt.chat import ChatPrompts
    from fimble.prompt.dialect import OUR_CHAT

    english = English(engine, Pieces(), ChatPrompts(OUR_CHAT, Pieces()), ())

    def within_patience(question: str) -> str:
        cancel = CancelToken()
        timer = threading.Timer(ENGLISH_S, cancel.cancel)
        timer.daemon = True
        timer.start()
        try:
            return english(question, cancel)
        except EngineCancelled as error:
            what = f"{engine.line.address.host} did not put the question into English within {ENGLISH_S:.0f} s."
            raise EngineError(what, "Ask again, or in English.") from error
        finally:
            timer.cancel()

    return within_patience
