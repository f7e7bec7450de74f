"""The language server: what it offers, and the session's state. It translates and decides nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

import fimble
from fimble import config as configuration
from fimble.config import Config
from fimble.errors import UnknownDocument
from fimble.lsp import inline, watchdog
from fimble.lsp.documents import Change, Documents
from fimble.lsp.greeting import Client
from fimble.lsp.model import Loader, Model
from fimble.lsp.protocol import FimbleProtocol, make_converter
from fimble.lsp.requests import Requests
from fimble.lsp.status import Status
from fimble.text import Reason

logger = logging.getLogger(__name__)

_FREE_MODEL_S = 0.5


class FimbleServer(LanguageServer):
    """One session with one editor. Lives on one event loop; the model has a thread of its own."""

    protocol: FimbleProtocol

    def __init__(self, loader: Loader, config: Config, complaints: Sequence[str], stopped: asyncio.Future[int]) -> None:
        """``stopped`` is given the exit code when the session is to end."""
        super().__init__("fimble", fimble.__version__, protocol_cls=FimbleProtocol, converter_factory=make_converter)
        self.config = config
        self.complaints = list(complaints)
        self.documents = Documents()
        self.status = Status(self)
        self.engine_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fimble-engine")
        self.requests = Requests(self.engine_thread)
        self.model = Model(loader, self.engine_thread)
        self.client = Client()
        self.stopped = stopped
        self._background: set[asyncio.Task[None]] = set()
        _register(self)

    def welcome(self, client: Client) -> None:
        """Take in ``initialize``: its options lie over the configuration, its process is watched."""
        self.client = client
        if isinstance(client.options, Mapping):
            self.config, complaints = configuration.apply(self.config, client.options, "initializationOptions")
            self.complaints += complaints
        elif client.options is not None:
            self.complaints.append("initializationOptions: they must be an object; they are ignored.")
        if client.process_id is not None:
            self._in_background(self._stop_with(client.process_id))

    def start(self) -> None:
        """Say what was wrong in the options, and load the model in the background."""
        for complaint in self.complaints:
            self.status.warn(complaint)
        self._in_background(self._load())

    def open_document(self, item: types.TextDocumentItem) -> None:
        self.requests.drop(item.uri, Reason.STALE)
        self.documents.open(item)

    def change_document(self, document: types.VersionedTextDocumentIdentifier, changes: Sequence[Change]) -> None:
        self.requests.drop(document.uri, Reason.STALE)
        try:
            self.documents.change(document.uri, document.version, changes, self.client.encoding)
        except UnknownDocument as error:
            self.status.log(f"A change is ignored: {error}")

    def close_document(self, uri: str) -> None:
        self.requests.drop(uri, Reason.NOT_OPEN)
        self.documents.close(uri)

    def stop(self, exit_code: int) -> None:
        """End the session; the first call decides the exit code."""
        if not self.stopped.done():
            self.stopped.set_result(exit_code)

    async def close(self) -> None:
        """Stop all work and free the model, unless native code keeps the engine thread busy."""
        self.requests.drop_all()
        for task in self._background:
            task.cancel()
        freed = asyncio.get_running_loop().run_in_executor(self.engine_thread, self.model.close)
        await asyncio.wait((freed,), timeout=_FREE_MODEL_S)
        self.engine_thread.shutdown(wait=False, cancel_futures=True)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _load(self) -> None:
        progress = self.status.load_progress(f"fimble: loading {self.config.model}")
        await self.model.load(self.config, progress.report)
        if self.model.loaded is None:
            progress.end("no model is loaded")
            self.status.error(str(self.model.error))
            return
        loaded = self.model.loaded
        progress.end(f"{loaded.model} ready on {loaded.provider.upper()}")
        for note in loaded.notes:
            self.status.note(note)

    async def _stop_with(self, process_id: int) -> None:
        if await watchdog.ended(process_id):
            logger.info("The editor's process %d has ended.", process_id)
            self.stop(1)


def _register(server: FimbleServer) -> None:
    """The handlers; each is convert -> feature -> convert."""

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        server.start()

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION)
    async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await inline.complete(server, params)
