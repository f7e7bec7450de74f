"""``codeAction/resolve`` and the command ``fimble.act``: the work on an action that was chosen.

The work runs in a task of its own. A request that is cancelled stops the work, not the task, so that whatever the
task waits for can still come.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from lsprotocol import types

from fimble.errors import ActionRefused, ConfigError, DocumentError, EngineCancelled, FimbleError, PromptTooLong
from fimble.lsp import inline
from fimble.lsp.delivery import Delivery
from fimble.lsp.kinds import EDITING
from fimble.lsp.offers import NOT_TAUGHT
from fimble.lsp.orders import Order, from_data
from fimble.lsp.progress import Progress, Ticker
from fimble.lsp.project import known_tests
from fimble.lsp.work import Piece

if TYPE_CHECKING:
    from fimble.features.actions.action import Done
    from fimble.lsp.model import ActionDoer
    from fimble.lsp.server import FimbleServer
    from fimble.text import Snapshot

_T = TypeVar("_T")
_Finish: TypeAlias = Callable[[Order, "Done"], Awaitable[_T]]
_REFUSALS = (ActionRefused, ConfigError, PromptTooLong, DocumentError)
"""Shown as warnings: fimble works, and this cannot be done. Other failures are errors."""
_AFTERWARDS_S = 0.2
"""A warning about an edit comes this long after it."""


class Actions:
    """The actions of one session. Used on the event loop's thread."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self._delivery = Delivery(server)
        self._shown: dict[int | str, Piece] = {}
        """Token of the progress that a person sees -> what is being done."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._num_begun = 0

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """``action`` with its edit, or without where nothing came of it; one that needs none comes back as it is."""
        if action.data is not None and action.command is None and action.edit is None:
            action.edit = await self._run(action.data, None, self._edit)
        return action

    async def act(self, params: types.ExecuteCommandParams) -> None:
        """Do what the command's argument says, and hand it to the editor."""
        data = params.arguments[0] if params.arguments else None
        await self._run(data, params.work_done_token, self._delivery.deliver)

    def cancel(self, token: int | str) -> None:
        """The person cancelled what is shown under ``token``."""
        if token in self._shown:
            self._shown[token].stop(EngineCancelled("It was cancelled."))

    def close(self) -> None:
        """The session ends."""
        self._delivery.close()

    async def _edit(self, order: Order, done: Done) -> types.WorkspaceEdit:
        return self._delivery.edit_for(order, done)

    async def _run(self, data: object, token: int | str | None, finish: _Finish[_T]) -> _T | None:
        """What ``finish`` makes of the work that ``data`` asks for; ``None`` where it failed, as the person is told.

        Cancelling the awaiting task stops the work.
        """
        try:
            order = from_data(data)
        except ActionRefused as error:
            self._server.status.warn(str(error))
            return None
        piece = Piece(order.uri, order.offer.kind.value in EDITING)
        task = asyncio.ensure_future(self._told(order, piece, token, finish))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            piece.stop(EngineCancelled("The request was cancelled."))
            raise

    async def _told(self, order: Order, piece: Piece, token: int | str | None, finish: _Finish[_T]) -> _T | None:
        """Do it, and tell the person and the log how it went."""
        status = self._server.status
        what = f"{order.uri.rpartition('/')[2]}: {order.offer.title}"
        started_s = time.perf_counter()
        try:
            done = await self._do(order, piece, token)
            given = await finish(order, done)
        except EngineCancelled as error:
            status.log(f"{what}: {error}")
        except _REFUSALS as error:
            status.log(f"{what}: {error}")
            status.warn(f"{order.offer.title}: {error}")
        except FimbleError as error:
            status.log(f"{what}: {error}")
            status.error(f"{order.offer.title}: {error}")
        except OSError as error:
            status.error(f"{order.offer.title}: The text cannot be written ({error}). Free some space and ask again.")
        else:
            spent_ms = (time.perf_counter() - started_s) * 1000
            status.log(f"{what}: done in {spent_ms:.0f} ms, attempts: {done.num_attempts}")
            asyncio.get_running_loop().call_later(_AFTERWARDS_S, self._warn_of, order, done)
            return given
        return None

    def _warn_of(self, order: Order, done: Done) -> None:
        """What to look at in code that the editor has by now."""
        for finding in done.findings:
            self._server.status.warn(f"{order.offer.title}: look at {finding}.")

    async def _do(self, order: Order, piece: Piece, token: int | str | None) -> Done:
        """The work itself, with its progress. Raises ``FimbleError``."""
        server, offer = self._server, order.offer
        snapshot, doer = self._ready(order)
        loop = asyncio.get_running_loop()
        self._num_begun += 1
        progress = Progress(
            server,
            f"fimble: {offer.title}",
            f"fimble/act/{self._num_begun}" if token is None else token,
            is_editors_own=token is not None,
            cancellable=True,
        )
        self._shown[progress.token] = piece
        try:
            known = await self._project_tests(order) if offer.kind.value == "tests" else ""
            tick = Ticker(loop, progress.report)
            done = await server.work.do(piece, lambda turn: doer.steps(offer, snapshot, turn, tick, known))
        finally:
            del self._shown[progress.token]
            progress.end()
        refusal = done.refusal or (
            "" if done.edits or done.document or done.markdown else "There is nothing to change."
        )
        if refusal:
            raise ActionRefused(refusal, "Nothing was changed. Ask again, or say it in other words.")
        return done

    def _ready(self, order: Order) -> tuple[Snapshot, ActionDoer]:
        """The text that ``order`` is about, and who works on it. Raises ``FimbleError`` where that may not be."""
        server = self._server
        document = server.documents.get(order.uri)
        refusal = inline.refusal_of(server, document, types.TextDocumentIdentifier(order.uri))
        if refusal is not None:
            if server.model.error is not None and refusal == server.model.why_not():
                raise server.model.error
            said = refusal.reason.value if refusal.reason else "nothing can be done here"
            raise ActionRefused(f"{said[:1].upper()}{said[1:]}{f' ({refusal.detail})' if refusal.detail else ''}.")
        doer = server.model.loaded.actions if server.model.loaded is not None else None
        if doer is None:
            raise ActionRefused(NOT_TAUGHT, "Choose an instruct model.")
        snapshot = document.snapshot()
        if document.version != order.version or order.offer.end > len(snapshot.text):
            raise ActionRefused("The document changed after the list was made; nothing was changed.", "Ask again.")
        return snapshot, doer

    async def _project_tests(self, order: Order) -> str:
        """What is known of the project's tests, where other files may be read."""
        server = self._server
        if not server.config.other_files:
            return ""
        snapshots = [document.snapshot() for document in server.documents.all() if not server.is_too_large(document)]
        return await asyncio.get_running_loop().run_in_executor(None, known_tests, order.uri, snapshots, server.privacy)
