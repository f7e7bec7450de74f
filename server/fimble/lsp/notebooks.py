"""Notebooks: a cell is a document of its own, and is completed after the cells above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.errors import UnknownDocument
from fimble.text import Cursor

if TYPE_CHECKING:
    from fimble.lsp.documents import Document
    from fimble.lsp.server import FimbleServer

_MAX_CHARS_ABOVE = 100_000
"""Far more than the model is shown of it."""


class Notebooks:
    """The notebooks that an editor has open. Used on the event loop's thread."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self._cells: dict[str, list[str]] = {}
        """Notebook -> the URIs of its code cells' and texts' documents, from top to bottom."""

    def open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Follow a notebook and the documents of its cells."""
        self._cells[params.notebook_document.uri] = _uris(params.notebook_document.cells)
        for item in params.cell_text_documents:
            self._server.open_document(item)

    def change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Follow cells that come, go, move and change. Changes of an unknown notebook's order are passed over."""
        cells = params.change.cells
        if cells is None:
            return
        if cells.structure is not None:
            for item in cells.structure.did_open or ():
                self._server.open_document(item)
            for gone in cells.structure.did_close or ():
                self._server.close_document(gone.uri)
            order, array = self._cells.get(params.notebook_document.uri), cells.structure.array
            if order is not None:
                order[array.start : array.start + array.delete_count] = _uris(array.cells or ())
        for content in cells.text_content or ():
            self._server.change_document(content.document, content.changes)

    def close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget a notebook and the documents of its cells."""
        self._cells.pop(params.notebook_document.uri, None)
        for closed in params.cell_text_documents:
            self._server.close_document(closed.uri)

    def in_place(self, cursor: Cursor) -> Cursor:
        """``cursor`` with the cells above it in the same language before its own; any other cursor as it is."""
        uri = cursor.snapshot.uri
        order = next((cells for cells in self._cells.values() if uri in cells), None)
        if order is None:
            return cursor
        above = self._above(order[: order.index(uri)], cursor.snapshot.language)
        snapshot = replace(cursor.snapshot, text=above + cursor.snapshot.text) if above else cursor.snapshot
        return Cursor(snapshot, len(above) + cursor.offset)

    def _above(self, cells: Sequence[str], language: str) -> str:
        texts: list[str] = []
        left = _MAX_CHARS_ABOVE
        for uri in reversed(cells):
            document = self._readable(uri)
            if document is None or document.language != language:
                continue
            text = document.snapshot().text
            if len(text) >= left:
                break
            left -= len(text)
            texts.append(text if text.endswith("\n") or not text else text + "\n")
        return "".join(reversed(texts))

    def _readable(self, uri: str) -> Document | None:
        try:
            document = self._server.documents.get(uri)
        except UnknownDocument:
            return None
        return None if self._server.is_too_large(document) else document


def _uris(cells: Sequence[types.NotebookCell]) -> list[str]:
    return [cell.document for cell in cells]
