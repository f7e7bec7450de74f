"""What an action makes of a document, as the editor applies it: in its units, and for one version only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.lsp import convert

if TYPE_CHECKING:
    from fimble.features.actions.action import Edit
    from fimble.lsp.documents import Document
    from fimble.lsp.greeting import Client

_SPECIAL = re.compile(r"[\\$}]")
MAX_KEPT_CHARS = 400
"""Edits that lie further apart are no snippet, which would write all between them anew."""
_START = types.Range(types.Position(0, 0), types.Position(0, 0))


def workspace_edit(
    document: Document, edits: Sequence[Edit], client: Client, with_cursor: bool = False
) -> types.WorkspaceEdit:
    """``edits`` of the document as it is now. ``with_cursor``: the cursor is to stand behind the longest one's code."""
    if with_cursor and client.can.takes_snippets and edits and _width(edits) <= MAX_KEPT_CHARS:
        return _of_version(document, [_snippet(document, edits, client.encoding)])
    plain = [types.TextEdit(_range(document, edit, client.encoding), edit.text) for edit in edits]
    if client.can.checks_versions:
        return _of_version(document, plain)
    return types.WorkspaceEdit(changes={document.uri: plain})


def new_document(uri: str, text: str) -> types.WorkspaceEdit:
    """A file that is not there yet, with ``text`` in it."""
    create = types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False, ignore_if_exists=False))
    target = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None)
    fill = types.TextDocumentEdit(target, [types.TextEdit(_START, convert.plain_breaks(text))])
    return types.WorkspaceEdit(document_changes=[create, fill])


def escaped(text: str) -> str:
    """``text`` as a snippet that inserts just that."""
    return _SPECIAL.sub(lambda match: "\\" + match[0], text)


def _snippet(document: Document, edits: Sequence[Edit], encoding: str) -> types.SnippetTextEdit:
    """All ``edits`` as one, what lies between them included, with the cursor at the end of the longest one's code.

    Editors indent the further lines of a snippet as deep as the line that it is put into. The text has its
    indentation already, so it begins at the start of its line, with what stands there.
    """
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    longest = max(edits, key=lambda edit: len(edit.text))
    whole, place = document.snapshot().text, ordered[0].start
    line, column = document.place(place)
    before = document.lines[line][:column]
    is_indented = before[:1] in (" ", "\t")
    text, cursor = before if is_indented else "", 0
    for edit in ordered:
        text += whole[place : edit.start] + edit.text
        place = edit.end
        if edit is longest:
            cursor = len(text) - len(edit.text) + len(edit.text.rstrip())
    value = f"{escaped(convert.plain_breaks(text[:cursor]))}$0{escaped(convert.plain_breaks(text[cursor:]))}"
    span = types.Range(
        convert.position_of(document.lines, (line, 0 if is_indented else column), encoding),
        convert.position_of(document.lines, document.place(place), encoding),
    )
    return types.SnippetTextEdit(span, types.StringValue(value=value))


def _width(edits: Sequence[Edit]) -> int:
    """Code points from the first edit's start to the last one's end."""
    return max(edit.end for edit in edits) - min(edit.start for edit in edits)


def _range(document: Document, edit: Edit, encoding: str) -> types.Range:
    start, end = (document.place(offset) for offset in (edit.start, edit.end))
    return types.Range(
        convert.position_of(document.lines, start, encoding), convert.position_of(document.lines, end, encoding)
    )


def _of_version(document: Document, edits: Sequence[types.TextEdit | types.SnippetTextEdit]) -> types.WorkspaceEdit:
    target = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(target, edits)])
