"""``textDocument/inlineCompletion``: the request into a cursor, the outcome into items."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.errors import PositionOutside, UnknownDocument
from fimble.lsp import convert
from fimble.lsp.documents import Document
from fimble.lsp.protocol import VersionedIdentifier
from fimble.text import Cursor, Outcome, Reason

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer

_NUM_INVOKED_CANDIDATES = 3
_BYTES_PER_MB = 1024 * 1024
_NOBODY_WAITS_ANY_MORE = (Reason.SUPERSEDED, Reason.STALE, Reason.CANCELLED, Reason.NOT_OPEN)


@dataclass(frozen=True, slots=True)
class Question:
    """An inline completion request in our own terms."""

    cursor: Cursor
    span: types.Range
    """What an item replaces, in the editor's units."""
    typed: str
    """What an item begins with: the entry selected in the editor's popup, or nothing."""
    num_candidates: int


async def complete(server: FimbleServer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Answer one request; an empty list has its reason in the log."""
    started_s = time.perf_counter()
    uri, position = params.text_document.uri, params.position
    question: Question | None = None
    try:
        document = server.documents.get(uri)
        refusal = switched_off(server, document) or refusal_of(server, document, params.text_document)
        if refusal is None:
            question = ask(document, params, server.client.encoding)
            cursor = server.notebooks.in_place(question.cursor)
            outcome = await outcome_for(server, document, cursor, question.num_candidates)
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
    if question is None:
        return types.InlineCompletionList(items=[])
    return server.acceptance.show(document, question.span, question.typed, outcome)


def ask(document: Document, params: types.InlineCompletionParams, encoding: str) -> Question:
    """The question that ``params`` puts; raises ``PositionOutside``.

    With an entry selected in the popup, the model continues the text as it would be
    with that entry accepted.
    """
    cursor = document.cursor(params.position, encoding)
    place = convert.place_of(document.lines, params.position, encoding)
    here = convert.position_of(document.lines, place, encoding)
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    num_candidates = _NUM_INVOKED_CANDIDATES if invoked else 1
    selected = params.context.selected_completion_info
    if selected is not None:
        start, end = convert.places_of(document.lines, selected.range, encoding)
        if start[0] == end[0] and document.offset(start) <= cursor.offset <= document.offset(end):
            typed = convert.sane_text(selected.text)
            text = cursor.snapshot.text
            accepted = text[: document.offset(start)] + typed + text[document.offset(end) :]
            snapshot = replace(cursor.snapshot, text=accepted)
            accepted_cursor = Cursor(snapshot, document.offset(start) + len(typed))
            return Question(accepted_cursor, selected.range, typed, num_candidates)
    return Question(cursor, types.Range(here, here), "", num_candidates)


def switched_off(server: FimbleServer, document: Document) -> Outcome | None:
    """Whether the person wants no suggestions here."""
    if not server.config.enabled:
        return Outcome(reason=Reason.SWITCHED_OFF)
    if document.language in server.config.disabled_languages:
        return Outcome(reason=Reason.LANGUAGE_OFF, detail=document.language)
    return None


def refusal_of(server: FimbleServer, document: Document, identifier: types.TextDocumentIdentifier) -> Outcome | None:
    """Why this document is not completed now, or ``None``."""
    if isinstance(identifier, VersionedIdentifier) and identifier.version != document.version:
        detail = f"asked for version {identifier.version}, the document is at {document.version}"
        return Outcome(reason=Reason.STALE, detail=detail)
    rule = server.privacy.why_not(document.uri)
    if rule is not None:
        return Outcome(reason=Reason.PRIVATE, detail=rule)
    if server.is_too_large(document):
        size_mb = document.num_bytes / _BYTES_PER_MB
        detail = f"{size_mb:.1f} MB; max_document_mb is {server.config.max_document_mb}"
        return Outcome(reason=Reason.TOO_LARGE, detail=detail)
    return server.model.why_not()


async def outcome_for(server: FimbleServer, document: Document, cursor: Cursor, num_candidates: int) -> Outcome:
    """What there is to suggest at ``cursor``; several candidates are only for those who asked.

    Afterwards, while nobody waits, what the next keystrokes need is prepared.
    """
    server.tell_changes()
    version, is_hurried = document.version, num_candidates == 1
    delay_s = server.rhythm.delay_ms(server.model.answer_ms) / 1000 if is_hurried else 0.0
    outcome = await server.requests.answer(server.model.wish(cursor, num_candidates, is_hurried, delay_s))
    if document.version != version:
        return outcome if outcome.reason is not None else Outcome(reason=Reason.STALE)
    if is_hurried and outcome.reason not in _NOBODY_WAITS_ANY_MORE:
        server.places[document.uri] = cursor.offset
        server.idle.after(cursor)
    return outcome


def _ms_since(started_s: float) -> float:
    return (time.perf_counter() - started_s) * 1000
