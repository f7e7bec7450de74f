"""``textDocument/completion``: suggestions in the popup of editors that have no ghost text.

The entries stay out of the way of the language's own server:

* they sort below its entries (``~`` comes after all letters and digits), are never
  preselected, and change nothing beyond the word at the cursor;
* only ``.`` brings them up by itself, where the language's server opens a popup
  anyway. A blank, a bracket or a line end would open one that nobody asked for, over
  the signature or before Enter;
* an editor that shows suggestions inline gets none, so that no text appears twice.
  Some say so in ``initialize``; Emacs' lsp-mode is known by its asking.

Each entry replaces the word left of the cursor, as other servers' entries do, so that
editors compare and align them alike. It never replaces what follows the cursor
(``InsertReplaceEdit``): the model has seen that and goes on to it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from fimble.errors import PositionOutside, UnknownDocument
from fimble.features.popup import Choice, choices, preview, word_left
from fimble.lsp import convert, inline
from fimble.lsp.documents import Document
from fimble.text import Cursor, Outcome, Reason

if TYPE_CHECKING:
    from fimble.lsp.greeting import Client
    from fimble.lsp.server import FimbleServer


async def complete(server: FimbleServer, params: types.CompletionParams) -> types.CompletionList:
    """Answer one request. The list is incomplete: every key asks again, as the suggestion may change."""
    started_s = time.perf_counter()
    uri, position = params.text_document.uri, params.position
    items: list[types.CompletionItem] = []
    if server.shows_inline:
        return types.CompletionList(is_incomplete=False, items=items)
    try:
        document = server.documents.get(uri)
        refusal = inline.switched_off(server, document) or inline.refusal_of(server, document, params.text_document)
        if refusal is None:
            cursor = document.cursor(position, server.client.encoding)
            outcome = await _patient_outcome(server, document, server.notebooks.in_place(cursor))
            items = _items(server, document, position, outcome)
        else:
            outcome = refusal
    except UnknownDocument as error:
        outcome = Outcome(reason=Reason.NOT_OPEN, detail=str(error))
    except PositionOutside as error:
        outcome = Outcome(reason=Reason.OUTSIDE, detail=str(error))
    except asyncio.CancelledError:
        server.status.answered(uri, position, Outcome(reason=Reason.CANCELLED), _ms_since(started_s))
        raise
    server.status.answered(uri, position, outcome, _ms_since(started_s))
    return types.CompletionList(is_incomplete=True, items=items)


def resolve(client: Client, item: types.CompletionItem) -> types.CompletionItem:
    """``item`` with a preview of its text; one that is not ours comes back as it is."""
    data: Any = item.data
    if isinstance(data, dict) and isinstance(item.text_edit, types.TextEdit):
        language, indent = str(data.get("language", "")), str(data.get("indent", ""))
        text = preview(item.text_edit.new_text, indent, language, client.reads_markdown)
        kind = types.MarkupKind.Markdown if client.reads_markdown else types.MarkupKind.PlainText
        item.documentation = types.MarkupContent(kind, text)
    return item


def item_of(
    choice: Choice, number: int, span: types.Range, data: dict[str, str], client: Client
) -> types.CompletionItem:
    """An entry as the editor is told, ``number`` its place among ours."""
    more = f" +{choice.num_more_lines} lines" if choice.num_more_lines else ""
    has_details = client.shows_label_details
    return types.CompletionItem(
        label=choice.label,
        label_details=types.CompletionItemLabelDetails(detail=more or None, description="fimble")
        if has_details
        else None,
        detail=None if has_details else f"fimble{more}",
        kind=types.CompletionItemKind.Text,
        sort_text=f"~~fimble{number}",
        filter_text=choice.filter_text,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs if client.inserts_as_is else None,
        text_edit=types.TextEdit(span, convert.plain_breaks(choice.text)),
        data=data,
    )


async def _patient_outcome(server: FimbleServer, document: Document, cursor: Cursor) -> Outcome:
    """What there is to suggest, without the haste of ghost text: no editor gives up a popup within a second."""
    outcome = await inline.outcome_for(server, document, cursor, 1)
    if outcome.reason is not Reason.TOO_LONG:
        return outcome
    version = document.version
    outcome = await server.requests.answer(server.model.wish(cursor, 1, False, 0.0))
    is_stale = document.version != version and outcome.reason is None
    return Outcome(reason=Reason.STALE) if is_stale else outcome


def _items(
    server: FimbleServer, document: Document, position: types.Position, outcome: Outcome
) -> list[types.CompletionItem]:
    if not outcome.suggestions:
        return []
    lines, encoding = document.lines, server.client.encoding
    line, column = convert.place_of(lines, position, encoding)
    before = lines[line][:column]
    word = word_left(before)
    begin = (line, column - len(word))
    span = types.Range(
        convert.position_of(lines, begin, encoding), convert.position_of(lines, (line, column), encoding)
    )
    indent = before[: column - len(word)]
    data = {"language": document.language, "indent": "" if indent.strip() else indent}
    server.acceptance.show_popup(document, begin, word, outcome)
    found = choices(word, outcome.suggestions[0])
    return [item_of(choice, number, span, data, server.client) for number, choice in enumerate(found)]


def _ms_since(started_s: float) -> float:
    return (time.perf_counter() - started_s) * 1000
