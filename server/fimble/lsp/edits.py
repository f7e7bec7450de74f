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
_START = types.Range(types.Position(0, 0), types.Position(0, 0))


def workspace_edit(
    document: Document, edits: Sequence[Edit], client: Client, with_cursor: bool = False
) -> types.WorkspaceEdit:
    """``edits`` of the document as it is now. ``with_cursor``: the cursor is to stand behind a single edit's code."""
    if with_cursor and client.can.takes_snippets and len(edits) == 1:
        return _of_version(document, [_snippet(document, edits[0], client.encoding)])
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


def _snippet(document: Document, edit: Edit, encoding: str) -> types.SnippetTextEdit:
    """``edit`` with the cursor at the end of its code.

    Editors indent the further lines of a snippet as deep as the line that it is put into. The text has its
    indentation already, so it begins at the start of its line, with what stands there.
    """
    line, column = document.place(edit.start)
    before = document.lines[line][:column]
    is_indented = before[:1] in (" ", "\t")
    start = (line, 0 if is_indented else column)
    end = convert.position_of(document.lines, document.place(edit.end), encoding)
    text = convert.plain_breaks((before if is_indented else "") + edit.text)
    code = text.rstrip()
    value = f"{escaped(code)}$0{text[len(code) :]}"
    span = types.Range(convert.position_of(document.lines, start, encoding), end)
    return types.SnippetTextEdit(span, types.StringValue(value=value))


def _range(document: Document, edit: Edit, encoding: str) -> types.Range:
    start, end = (document.place(offset) for offset in (edit.start, edit.end))
    return types.Range(
        convert.position_of(document.lines, start, encoding), convert.position_of(document.lines, end, encoding)
    )


def _of_version(document: Document, edits: Sequence[types.TextEdit | types.SnippetTextEdit]) -> types.WorkspaceEdit:
    target = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(target, edits)])
