"""``textDocument/codeAction``: what can be done here, within milliseconds and without the model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.errors import UnknownDocument
from fimble.lsp import convert, inline
from fimble.lsp.greeting import ACT
from fimble.lsp.kinds import EDITING, KINDS, wanted
from fimble.lsp.orders import Order, to_data
from fimble.text import Cursor, Reason, Snapshot

if TYPE_CHECKING:
    from fimble.features.actions.action import Offer, Problem, Selection
    from fimble.lsp.documents import Document
    from fimble.lsp.greeting import Client
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)

Entry = types.CodeAction | types.Command
MAX_PROBLEMS = 20
_NO_MODEL = (Reason.MODEL_LOADING, Reason.MODEL_UNAVAILABLE)
NOT_TAUGHT = "The model was not taught to follow instructions."


async def entries(server: FimbleServer, params: types.CodeActionParams) -> list[Entry]:
    """Answer one request; a place or a document where nothing can be done has an empty list."""
    client, uri = server.client, params.text_document.uri
    context = params.context
    names = wanted(context.only)
    if not client.can.resolves_edits and not client.can.applies_edits:
        names -= EDITING
    try:
        document = server.documents.get(uri)
    except UnknownDocument:
        return []
    if not names or params.range.start.line >= len(document.lines):
        return []
    refusal = inline.refusal_of(server, document, params.text_document)
    reason = refusal.detail or str(refusal.reason and refusal.reason.value) if refusal else ""
    if refusal is None and (server.model.loaded is None or server.model.loaded.actions is None):
        reason = NOT_TAUGHT
    if reason:
        is_about_model = refusal is None or refusal.reason in _NO_MODEL
        was_invoked = context.trigger_kind == types.CodeActionTriggerKind.Invoked
        return [_disabled(names, reason)] if is_about_model and was_invoked and client.can.shows_disabled else []
    selection = _selection(document, params, client.encoding)
    found = await asyncio.get_running_loop().run_in_executor(None, _offers, selection, names)
    if any(offer.kind.value == "implement" for offer in found) and document.version == selection.snapshot.version:
        server.idle.after(Cursor(selection.snapshot, selection.start), server.model.idle_for_actions)
    return [entry_of(offer, document.uri, selection.snapshot.version, client, params) for offer in found]


def entry_of(offer: Offer, uri: str, version: int, client: Client, params: types.CodeActionParams) -> Entry:
    """``offer`` as the editor is told: done when resolved where it can wait for that, else by a command."""
    data = to_data(Order(uri, version, offer))
    command = types.Command(offer.title, ACT, arguments=[data])
    if not client.can.shows_literals:
        return command
    name = offer.kind.value
    is_resolved = client.can.resolves_edits and name in EDITING
    return types.CodeAction(
        offer.title,
        kind=KINDS[name],
        diagnostics=_of_problem(offer, params.context.diagnostics) if name == "fix" else None,
        command=None if is_resolved else command,
        data=data if is_resolved else None,
        tags=[types.CodeActionTag.LlmGenerated] if client.can.knows_llm_tag else None,
    )


def prepare() -> None:
    """Import what a list needs and make a first one, so that no person waits for that. On any thread."""
    from fimble.features.actions.action import Selection

    text = "def f():\n    pass\n"
    _offers(Selection(Snapshot("", "python", 0, text), len(text) - 1, len(text)), frozenset(KINDS))


def _selection(document: Document, params: types.CodeActionParams, encoding: str) -> Selection:
    from fimble.features.actions.action import Selection

    start, end = convert.places_of(document.lines, params.range, encoding)
    problems = (_problem(document, diagnostic, encoding) for diagnostic in params.context.diagnostics[:MAX_PROBLEMS])
    return Selection(
        document.snapshot(),
        document.offset(start),
        document.offset(end),
        tuple(problem for problem in problems if problem is not None),
    )


def _problem(document: Document, diagnostic: types.Diagnostic, encoding: str) -> Problem | None:
    """What the editor shows; nothing where it shows it past the document's end."""
    from fimble.features.actions.action import Problem

    if diagnostic.range.start.line >= len(document.lines):
        return None
    start, end = convert.places_of(document.lines, diagnostic.range, encoding)
    return Problem(document.offset(start), document.offset(end), diagnostic.message, diagnostic.source or "")


def _offers(selection: Selection, names: frozenset[str]) -> list[Offer]:
    """On a thread of its own, as a large document takes a while to parse."""
    from fimble.features.actions.action import Kind
    from fimble.features.actions.actions import offers

    try:
        return offers(selection, {kind for kind in Kind if kind.value in names})
    except Exception:
        logger.exception("Looking for actions failed")
        return []


def _of_problem(offer: Offer, diagnostics: Sequence[types.Diagnostic]) -> list[types.Diagnostic]:
    return [diagnostic for diagnostic in diagnostics if diagnostic.message == offer.argument]


def _disabled(names: frozenset[str], reason: str) -> types.CodeAction:
    kind = next(kind for name, kind in KINDS.items() if name in names)
    return types.CodeAction("fimble", kind=kind, disabled=types.CodeActionDisabled(reason))
