"""The documents and notebooks that an editor has open, kept so that another server can be told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fimble.lsp.lines import Lines
from fimble.lsp.places import Place

JsonObject = dict[str, Any]
_Change = tuple[str, tuple[Place, Place] | None]
"""A new text, and what it stands in place of: nothing for all of it."""


@dataclass(slots=True)
class _Page:
    """One document."""

    language: str
    version: int
    lines: Lines

    def item(self, uri: str) -> JsonObject:
        return {"uri": uri, "languageId": self.language, "version": self.version, "text": self.lines.text}


class Desk:
    """Follows what an editor says of its documents. What makes no sense raises ``ValueError`` and changes nothing."""

    def __init__(self) -> None:
        self.encoding = "utf-16"
        """How columns count."""
        self._pages: dict[str, _Page] = {}
        self._notebooks: dict[str, JsonObject] = {}
        self._cells: dict[str, str] = {}
        """A cell's document -> its notebook."""

    def has(self, uri: str) -> bool:
        """Whether a document is open."""
        return uri in self._pages

    def open(self, item: object) -> None:
        """``TextDocumentItem``."""
        uri, language, text = (_text(item, name) for name in ("uri", "languageId", "text"))
        page = _Page(language, _number(item, "version"), Lines(text))
        self._pages.pop(uri, None)  # whatever is opened again lies on top
        self._cells.pop(uri, None)
        self._pages[uri] = page

    def change(self, document: object, changes: object) -> None:
        """``VersionedTextDocumentIdentifier`` and its changes, each on the result of the one before."""
        page = self._pages.get(_text(document, "uri"))
        version = _number(document, "version")
        read = [_change(change) for change in _list(changes)]
        if page is None:
            return
        for text, span in read:
            if span is None:
                page.lines.replace_all(text)
            else:
                page.lines.edit(*span, text, self.encoding)
        page.version = version

    def close(self, document: object) -> None:
        """``TextDocumentIdentifier``."""
        uri = _text(document, "uri")
        self._pages.pop(uri, None)
        self._cells.pop(uri, None)

    def open_notebook(self, notebook: object, items: object) -> None:
        """``NotebookDocument`` and its cells' documents."""
        uri = _text(notebook, "uri")
        assert isinstance(notebook, dict)
        self._notebooks[uri] = {**notebook, "cells": list(_list(notebook.get("cells")))}
        for item in _list(items):
            self._open_cell(uri, item)

    def change_notebook(self, document: object, change: object) -> None:
        """``VersionedNotebookDocumentIdentifier`` and what became of it."""
        uri = _text(document, "uri")
        notebook = self._notebooks.get(uri)
        if notebook is None or not isinstance(change, dict):
            return
        if isinstance(document, dict) and type(document.get("version")) is int:
            notebook["version"] = document["version"]
        if "metadata" in change:
            notebook["metadata"] = change["metadata"]
        cells = change.get("cells")
        if not isinstance(cells, dict):
            return
        structure = cells.get("structure")
        if isinstance(structure, dict):
            for item in _list(structure.get("didOpen") or []):
                self._open_cell(uri, item)
            for closed in _list(structure.get("didClose") or []):
                self.close(closed)
            array = structure.get("array")
            start, num_deleted = _number(array, "start"), _number(array, "deleteCount")
            assert isinstance(array, dict)
            notebook["cells"][start : start + num_deleted] = _list(array.get("cells") or [])
        for data in _list(cells.get("data") or []):
            named = _text(data, "document")
            notebook["cells"] = [data if cell.get("document") == named else cell for cell in notebook["cells"]]
        for content in _list(cells.get("textContent") or []):
            if isinstance(content, dict):
                self.change(content.get("document"), content.get("changes"))

    def close_notebook(self, notebook: object, documents: object) -> None:
        """``NotebookDocumentIdentifier`` and its cells' documents."""
        self._notebooks.pop(_text(notebook, "uri"), None)
        for document in _list(documents):
            self.close(document)

    def opening(self) -> list[tuple[str, JsonObject]]:
        """The notifications, method and parameters, that open all of it anew as it is now."""
        said: list[tuple[str, JsonObject]] = []
        for uri, notebook in self._notebooks.items():
            items = [page.item(cell) for cell, page in self._pages.items() if self._cells.get(cell) == uri]
            said.append(("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": items}))
        said += [
            ("textDocument/didOpen", {"textDocument": page.item(uri)})
            for uri, page in self._pages.items()
            if uri not in self._cells
        ]
        return said

    def _open_cell(self, notebook: str, item: object) -> None:
        self.open(item)
        self._cells[_text(item, "uri")] = notebook


def _change(change: object) -> _Change:
    text = _text(change, "text")
    assert isinstance(change, dict)
    span = change.get("range")
    return (text, None) if span is None else (text, (_place(span, "start"), _place(span, "end")))


def _place(span: object, name: str) -> Place:
    position = span.get(name) if isinstance(span, dict) else None
    line, character = _number(position, "line"), _number(position, "character")
    if line < 0 or character < 0:
        raise ValueError(f"{name} is no position")
    return line, character


def _text(parent: object, name: str) -> str:
    value = parent.get(name) if isinstance(parent, Mapping) else None
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _number(parent: object, name: str) -> int:
    value = parent.get(name) if isinstance(parent, Mapping) else None
    if type(value) is not int:
        raise ValueError(f"{name} is no whole number")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return value
