"""The documents an editor has open, kept as it edits them.

A document is held as its lines, so that an edit costs what it touches and a
position costs one line, however large the file; the whole text is put together at
most once a version. pygls' own documents are not used: their conversion changes its
argument and misses the end of a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from fimble.errors import PositionOutside, UnknownDocument
from fimble.lsp import convert
from fimble.lsp.lines import Lines
from fimble.text import Cursor, Snapshot

Change = types.TextDocumentContentChangePartial | types.TextDocumentContentChangeWholeDocument


class Document(Lines):
    """One open document. Only the event loop's thread edits or reads it; snapshots may travel."""

    def __init__(self, uri: str, language: str, version: int, text: str) -> None:
        self.uri = uri
        self.language = language
        self.version = version
        self._snapshot: Snapshot | None = None
        super().__init__(text)

    def snapshot(self) -> Snapshot:
        """This version, frozen; the same object until the next change."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self.uri, self.language, self.version, self.text)
        return self._snapshot

    def change(self, version: int, changes: Sequence[Change], encoding: str) -> None:
        """Apply ``changes`` in order, each to the result of the one before."""
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                self.edit((start.line, start.character), (end.line, end.character), change.text, encoding)
            else:
                self.replace_all(change.text)
        self.version = version
        self._snapshot = None

    def cursor(self, position: types.Position, encoding: str) -> Cursor:
        """The cursor at ``position``; raises ``PositionOutside`` past the last line."""
        if position.line >= len(self.lines):
            raise PositionOutside(f"Line {position.line + 1} of {len(self.lines)} does not exist.")
        return Cursor(self.snapshot(), self.offset(convert.place_of(self.lines, position, encoding)))

    def offset(self, place: convert.Place) -> int:
        """Code points before ``place``, which lies inside the document."""
        line, column = place
        return sum(map(len, self.lines[:line])) + column

    def place(self, offset: int) -> convert.Place:
        """Where ``offset`` code points lie behind; inside a line's end, before it, and past the text, at its end."""
        for line, text in enumerate(self.lines):
            if offset < len(text) or line == len(self.lines) - 1:
                return line, min(offset, convert.line_length(text))
            offset -= len(text)
        raise AssertionError("a document has at least one line")


class Documents:
    """All open documents, by the URI the editor uses."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}

    def open(self, item: types.TextDocumentItem) -> None:
        """Begin, or begin again, to follow a document."""
        self._open[item.uri] = Document(item.uri, item.language_id, item.version, item.text)

    def change(self, uri: str, version: int, changes: Sequence[Change], encoding: str) -> None:
        """Follow an edit; raises ``UnknownDocument``."""
        self.get(uri).change(version, changes, encoding)

    def close(self, uri: str) -> None:
        """Forget a document; one that was never opened is no error."""
        self._open.pop(uri, None)

    def all(self) -> list[Document]:
        """Those that are open, in the order of opening."""
        return list(self._open.values())

    def get(self, uri: str) -> Document:
        """The document, or ``UnknownDocument``."""
        try:
            return self._open[uri]
        except KeyError:
            raise UnknownDocument(f"{uri} is not open.", "The editor must send textDocument/didOpen first.") from None
