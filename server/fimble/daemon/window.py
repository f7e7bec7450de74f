"""One editor's window in the daemon: a session of its own at the other end of a proxy."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fimble import config as configuration
from fimble.daemon import journal
from fimble.daemon.hello import Hello
from fimble.daemon.wire import LOG, MOVE
from fimble.lsp.framing import to_frame
from fimble.lsp.session import Session
from fimble.lsp.tcp import TcpConnection

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.context.elsewhere import Elsewhere
    from fimble.features.search import OpenSearch
    from fimble.lsp.followers import Followers
    from fimble.lsp.model import LoadedModel, Loader

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all windows of a daemon have in common."""

    loader: Loader
    open_search: OpenSearch | None = None
    followers: Callable[[], Followers] | None = None
    """Called once, on the daemon's loop."""
    state: Callable[[], dict[str, Any]] = dict
    """What is loaded, for who asks how the daemon is."""
    close: Callable[[], None] = lambda: None


class Window:
    """Lives on the daemon's loop."""

    def __init__(self, hello: Hello, shared: Shared, followers: Followers | None) -> None:
        self.since_s = time.monotonic()
        self._hello, self._shared, self._followers = hello, shared, followers
        self._session: Session | None = None
        self._connection: TcpConnection | None = None
        self._loop = asyncio.get_running_loop()
        self._log = journal.SessionLog(journal.level_of(hello.log_level), self._say_line)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Converse until either side ends it."""
        journal.follow(self._log)
        file = Path(self._hello.config_file) if self._hello.config_file else None
        config, complaints = configuration.load(self._hello.environ, file)
        self._session = Session(self._load, config, complaints, self._shared.open_search, self._followers)
        self._connection = TcpConnection(reader, writer, b"")
        await self._session.run(self._connection)

    def ask_to_move(self) -> None:
        """The proxy shall leave when nobody waits for an answer."""
        self._notify(MOVE, {})

    def end(self) -> None:
        """End the session in order."""
        if self._session is not None and not self._session.stopped.done():
            self._session.stopped.set_result(0)

    def _load(
        self,
        config: Config,
        elsewhere: Elsewhere,
        adjustment: Callable[[], float],
        on_progress: Callable[[str], None],
    ) -> LoadedModel:
        journal.follow(self._log)  # this is the engine's thread, which is this session's alone
        return self._shared.loader(config, elsewhere, adjustment, on_progress)

    def _say_line(self, line: str) -> None:
        self._loop.call_soon_threadsafe(self._notify, LOG, {"text": line})

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        if self._connection is not None:
            self._connection.write(to_frame({"jsonrpc": "2.0", "method": method, "params": params}))
