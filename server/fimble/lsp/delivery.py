"""Hands what an action made to the editor: edits to apply, a file to create, a text to show.

Runs in tasks that nobody cancels, as a cancelled wait for an editor's answer would break when the answer comes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fimble.errors import ActionRefused, UnknownDocument
from fimble.lsp import edits, papers
from fimble.lsp.orders import Order

if TYPE_CHECKING:
    from pathlib import Path

    from fimble.features.actions.action import Done, NewDocument
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)

_NOTHING_CHANGED = "Nothing was changed."


class Delivery:
    """Of one session."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self._papers = papers.Papers()

    def close(self) -> None:
        """The session ends: texts that were only to be read go."""
        self._papers.close()

    async def deliver(self, order: Order, done: Done) -> None:
        """Give the editor what was ``done``. Raises ``ActionRefused`` where it does not take it."""
        if done.edits:
            await self._edit(order, done)
        elif done.document is not None:
            await self._new(order, done.document)
        elif done.markdown:
            await self._read(order, done.markdown)

    def edit_for(self, order: Order, done: Done) -> types.WorkspaceEdit:
        """What is ``done`` to the document. Raises ``ActionRefused`` where it has another text by now."""
        try:
            document = self._server.documents.get(order.uri)
        except UnknownDocument:
            document = None
        if document is None or document.version != order.version:
            raise ActionRefused("The document changed while fimble wrote; nothing was changed.", "Ask again.")
        with_cursor = order.offer.kind.value == "implement"
        return edits.workspace_edit(document, done.edits, self._server.client, with_cursor)

    async def _edit(self, order: Order, done: Done) -> None:
        problem = await self._apply(self.edit_for(order, done), order)
        if problem:
            raise ActionRefused(f"The editor did not apply the edit: {problem}", _NOTHING_CHANGED)

    async def _new(self, order: Order, made: NewDocument) -> None:
        """In the project where the editor creates files, else among temporary files, where nobody is surprised."""
        client = self._server.client
        if client.can.creates_files and client.can.applies_edits:
            uri = papers.uri_beside(order.uri, made.name, client.roots, self._is_open)
            if uri is not None:
                problem = await self._apply(edits.new_document(uri, made.text), order)
                if not problem:
                    await self._show(uri)
                    return
                self._server.status.log(f"{made.name} is not created beside its source: {problem}")
        path = self._papers.keep(made.name, made.text)
        await self._show_file(path, f"It is written to {path}.")

    async def _read(self, order: Order, markdown: str) -> None:
        if not self._server.client.can.shows_documents:
            self._server.status.note(markdown)
            return
        stem = order.uri.rpartition("/")[2].partition(".")[0] or "code"
        path = self._papers.read_once(f"{stem}-explained.md", markdown)
        await self._show_file(path, markdown)

    async def _show_file(self, path: Path, else_say: str) -> None:
        if not await self._show(path.as_uri()):
            self._server.status.note(else_say)

    async def _show(self, uri: str) -> bool:
        """Bring a document before the person; whether the editor did so."""
        if not self._server.client.can.shows_documents:
            return False
        params = types.ShowDocumentParams(uri=uri, take_focus=True)
        try:
            result = await self._ask(types.WINDOW_SHOW_DOCUMENT, params)
        except JsonRpcException as error:
            logger.info("The editor does not show %s: %s", uri, error)
            return False
        return isinstance(result, types.ShowDocumentResult) and result.success

    async def _apply(self, edit: types.WorkspaceEdit, order: Order) -> str:
        """Why the editor did not apply ``edit``; nothing where it did."""
        params = types.ApplyWorkspaceEditParams(edit=edit, label=f"fimble: {order.offer.title}")
        try:
            result = await self._ask(types.WORKSPACE_APPLY_EDIT, params)
        except JsonRpcException as error:
            return f"{error.message or error}"
        if isinstance(result, types.ApplyWorkspaceEditResult) and result.applied:
            return ""
        said = getattr(result, "failure_reason", None)
        return said if isinstance(said, str) and said else "it gave no reason."

    async def _ask(self, method: str, params: object) -> Any:
        return await self._server.protocol.send_request_async(method, params)

    def _is_open(self, uri: str) -> bool:
        try:
            self._server.documents.get(uri)
        except UnknownDocument:
            return False
        return True
