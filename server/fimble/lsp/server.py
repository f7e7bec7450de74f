"""The language server: what it offers, and the session's state. It translates and decides nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

import fimble
from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.errors import EngineError, UnknownDocument
from fimble.features.debounce import Rhythm
from fimble.features.search import OpenSearch
from fimble.lsp import handlers, offers, watchdog
from fimble.lsp.acceptance import Acceptance
from fimble.lsp.actions import Actions
from fimble.lsp.condition import Condition, readiness_of, subject_of
from fimble.lsp.configuration import Configuration
from fimble.lsp.documents import Change, Document, Documents
from fimble.lsp.followers import Followers
from fimble.lsp.greeting import Client
from fimble.lsp.idle import Idle
from fimble.lsp.model import Loader, Model
from fimble.lsp.notebooks import Notebooks
from fimble.lsp.progress import Progress
from fimble.lsp.protocol import FimbleProtocol, make_converter
from fimble.lsp.requests import Requests
from fimble.lsp.settings import Settings
from fimble.lsp.status import Status
from fimble.lsp.work import Work
from fimble.lsp.workspace import Workspace
from fimble.privacy import Privacy
from fimble.text import Cursor, Reason, Snapshot

logger = logging.getLogger(__name__)

_FREE_MODEL_S = 0.5
_TRANSLATE_S = 5.0


class FimbleServer(LanguageServer):
    """One session with one editor. Lives on one event loop; the model has a thread of its own."""

    protocol: FimbleProtocol

    def __init__(
        self,
        loader: Loader,
        config: Config,
        complaints: Sequence[str],
        stopped: asyncio.Future[int],
        open_search: OpenSearch | None = None,
        followers: Followers | None = None,
    ) -> None:
        """``stopped`` is given the exit code when the session is to end. Without ``open_search`` nothing is indexed.

        ``followers`` are those of all sessions of this process; the session has its own where there are none.
        """
        super().__init__("fimble", fimble.__version__, protocol_cls=FimbleProtocol, converter_factory=make_converter)
        self.settings = Settings(config, complaints)
        self.configuration = Configuration(self)
        self.documents = Documents()
        self.notebooks = Notebooks(self)
        self.status = Status(self)
        self.condition = Condition(self)
        self.engine_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fimble-engine")
        self.model = Model(loader, self.engine_thread, self.condition.tell)
        self.idle = Idle(self.engine_thread, self.model.idle)
        self.work = Work(self.engine_thread, self.idle.give_way, self.condition.tell)
        self.requests = Requests(self.engine_thread, self._give_way)
        self.actions = Actions(self)
        self.rhythm = Rhythm()
        self.privacy = Privacy(config.disabled_paths)
        self.elsewhere = Elsewhere(self.privacy)
        self.acceptance = Acceptance(self)
        self.workspace_index = Workspace(self, open_search, followers)
        self.client = Client()
        self.shows_inline = False
        """Whether the editor says, or shows by asking, that it has inline completion."""
        self.stopped = stopped
        self._before_changes: dict[str, Snapshot] = {}
        self.places: dict[str, int] = {}
        """Where each open document was completed last: an offset; 0 where it was not."""
        self.last_opened: str | None = None
        self._background: set[asyncio.Task[None]] = set()
        handlers.register(self)

    def welcome(self, client: Client) -> None:
        """Take in ``initialize``: its options lie over the configuration, its process is watched."""
        self.client = client
        self.shows_inline = client.shows_inline
        self.configuration.begin(client)
        if client.process_id is not None:
            self._in_background(self._stop_with(client.process_id))

    def start(self) -> None:
        """Say what was wrong in the options, and load the model in the background."""
        for complaint in self.settings.complaints:
            self.status.warn(complaint)
        self.acceptance.start()
        self._in_background(self._begin())
        self._in_background(self.configuration.follow())
        self._in_background(self._prepare_lists())

    @property
    def config(self) -> Config:
        """The options that are in force."""
        return self.settings.config

    def open_document(self, item: types.TextDocumentItem) -> None:
        self.requests.stop(item.uri, Reason.STALE)
        self.work.changed(item.uri)
        self._before_changes.pop(item.uri, None)
        self.acceptance.closed(item.uri)
        self.documents.open(item)
        if not self.is_too_large(self.documents.get(item.uri)):
            snapshot = self.documents.get(item.uri).snapshot()
            self.elsewhere.opened(snapshot)
            self.last_opened, self.places[item.uri] = item.uri, 0
            self._prepare(Cursor(snapshot, 0))

    def change_document(self, document: types.VersionedTextDocumentIdentifier, changes: Sequence[Change]) -> None:
        self.requests.drop(document.uri, Reason.STALE)
        self.work.changed(document.uri)
        self.rhythm.key_pressed()
        self.workspace_index.typed()
        try:
            self._remember(self.documents.get(document.uri))
            followed = self.acceptance.before_change(document.uri, changes)
            self.documents.change(document.uri, document.version, changes, self.client.encoding)
            self.acceptance.after_change(document.uri, changes, followed)
        except UnknownDocument as error:
            self.status.log(f"A change is ignored: {error}")

    def close_document(self, uri: str) -> None:
        self.requests.stop(uri, Reason.NOT_OPEN)
        self.work.closed(uri)
        self.acceptance.closed(uri)
        self._before_changes.pop(uri, None)
        self.idle.forget(uri)
        self.model.forget(uri)
        self.elsewhere.closed(uri)
        self.documents.close(uri)
        self.places.pop(uri, None)

    def is_too_large(self, document: Document) -> bool:
        """Whether a document is beyond what is completed; its text is then never put together."""
        return document.num_bytes > self.config.max_document_mb * 2**20

    def tell_changes(self) -> None:
        """Tell the context what changed since it was asked last: once a keystroke, not once an edit."""
        for uri, before in self._before_changes.items():
            self.elsewhere.changed(before, self.documents.get(uri).snapshot())
        self._before_changes.clear()

    def _remember(self, document: Document) -> None:
        """Keep the text as the context knows it, before a change."""
        if document.uri not in self._before_changes and not self.is_too_large(document):
            self._before_changes[document.uri] = document.snapshot()

    def focus_document(self, uri: str) -> None:
        """The person looks at a document."""
        self.elsewhere.focused(uri)
        place = self.places.get(uri)
        if place is not None and not self.is_too_large(self.documents.get(uri)):
            snapshot = self.documents.get(uri).snapshot()
            self._prepare(Cursor(snapshot, min(place, len(snapshot.text))))

    def _prepare(self, cursor: Cursor) -> None:
        """In idle time, read what a request at ``cursor`` would need."""
        if self.privacy.may_read(cursor.snapshot.uri) and self.model.why_not() is None:
            self.idle.after(cursor)

    def stop(self, exit_code: int) -> None:
        """End the session; the first call decides the exit code."""
        if not self.stopped.done():
            self.stopped.set_result(exit_code)

    async def close(self) -> None:
        """Stop all work and free the model; where the engine thread is busy, it does so when it is done."""
        self.idle.give_way()
        self.requests.drop_all()
        self.work.stop_all()
        self.actions.close()
        for task in self._background:  # before the index: what begins it must not go on when it has been left
            task.cancel()
        await self.acceptance.finish()
        await self.workspace_index.close()
        freed = asyncio.get_running_loop().run_in_executor(self.engine_thread, self.model.close)
        await asyncio.wait((freed,), timeout=_FREE_MODEL_S)
        self.engine_thread.shutdown(wait=False)  # nothing is taken back: the last that it is to do frees the model

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def in_english(self, question: str) -> str:
        """A question put into English by the model; empty where there is none yet. On any thread but the loop's."""
        loaded = self.model.loaded
        if loaded is None or loaded.english is None:
            return ""
        self.idle.give_way()
        try:
            return self.engine_thread.submit(loaded.english, question).result(_TRANSLATE_S)
        except (TimeoutError, RuntimeError) as error:
            raise EngineError("The model has no time to put the question into English.", "Ask again.") from error

    def _give_way(self) -> None:
        """A person waits for something short: all other work pauses."""
        self.idle.give_way()
        self.work.give_way()
        self.workspace_index.typed()

    async def _prepare_lists(self) -> None:
        try:
            await asyncio.to_thread(offers.prepare)
        except Exception:
            logger.exception("Code actions cannot be used")

    async def _begin(self) -> None:
        """Load the model, and when that is done keep the index: the one that is waited for comes first."""
        await self._load()
        await self.workspace_index.follow()

    async def _load(self) -> None:
        self.condition.tell()
        config = self.config
        title = f"fimble: loading {subject_of(config)}"
        progress = Progress(self, title, "fimble/load", instead=self.status.log)
        await self.model.load(
            config, self.elsewhere, lambda: self.acceptance.adjustment, progress.report, self._tell_problem
        )
        message = readiness_of(self.model.loaded) if self.model.loaded else ""
        if self.model.endpoint and self.model.problems:
            message = self.model.problems[0]
        progress.end(message or "no model is loaded")
        self.status.log(message or "no model is loaded")
        self.condition.tell()
        if self.model.loaded is None:
            self.status.error(str(self.model.error))
            return
        loaded = self.model.loaded
        if self.last_opened is not None:
            self.focus_document(self.last_opened)
        for note in loaded.notes:
            self.status.note(note)

    def _tell_problem(self, problem: str) -> None:
        """An adapter is not used, the endpoint does not answer, or with nothing to say: that is over."""
        if problem:
            self.status.warn(problem)
        self.condition.tell()

    async def _stop_with(self, process_id: int) -> None:
        if await watchdog.ended(process_id):
            logger.info("The editor's process %d has ended.", process_id)
            self.stop(1)
