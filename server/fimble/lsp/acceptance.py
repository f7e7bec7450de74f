"""Tells ``fimble.acceptance`` what is shown, edited and accepted, and keeps the counts.

The id of a suggestion travels in its item's ``command``, the one field that every
editor's converter keeps. Neovim, VS Code and Emacs run the command after they have
inserted a whole item; others pass it over, and their edits tell the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from fimble import config as configuration
from fimble.acceptance.eagerness import NUM_RECENT, adjustment, buckets
from fimble.acceptance.records import Record, Surface
from fimble.acceptance.region import LineEdit, line_edit
from fimble.acceptance.showing import Showing
from fimble.acceptance.tracker import Tracker
from fimble.errors import FimbleError, UnknownDocument
from fimble.lsp import convert
from fimble.lsp.documents import Change, Document
from fimble.text import Outcome, Reason

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer

_WRITE_EVERY_S = 10.0
_WRITE_AGAIN_S = 1.0
_LAST_WRITE_S = 2.0
_LARGE_EDIT_LINES = 20
"""An edit of more lines (a formatter's, say) is reduced to the lines that it really changes."""
_NOT_SHOWN = (Reason.STALE, Reason.SUPERSEDED, Reason.CANCELLED, Reason.NOT_OPEN)


@dataclass(frozen=True, slots=True)
class Before:
    """A document before a change."""

    num_lines: int
    lines: list[str] | None
    """A copy, where only that tells what the change changes."""


class Acceptance:
    """The session's suggestions. Used on the event loop's thread; the counts are written on another."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self._tracker = Tracker()
        self._num_shown = 0
        self._unwritten: list[Record] = []
        self._write_due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._is_broken = False
        self.adjustment = 0.0
        """What this person's acceptance adds to the threshold of confidence; read by any thread."""

    @property
    def is_on(self) -> bool:
        return self._server.config.record_acceptance and not self._is_broken

    @property
    def _is_writing(self) -> bool:
        return self._writing is not None and not self._writing.done()

    def start(self) -> None:
        """Learn from earlier sessions, in the background."""
        if self.is_on:
            self._write()

    def show(self, document: Document, span: types.Range, typed: str, outcome: Outcome) -> types.InlineCompletionList:
        """The items of an inline completion, from now on followed to their end."""
        showing_id = ""
        if self.is_on and outcome.reason not in _NOT_SHOWN:
            start, end = convert.places_of(document.lines, span, self._server.client.encoding)
            texts = [typed + suggestion.text for suggestion in outcome.suggestions]
            showing_id = self._show(document, Surface.INLINE, start, texts, end[1] - start[1], outcome)
        return convert.items_of(outcome, span, typed, showing_id)

    def show_popup(self, document: Document, start: convert.Place, word: str, outcome: Outcome) -> None:
        """The first suggestion came into a popup, ``word`` at ``start`` before it."""
        if self.is_on:
            texts = [word + outcome.suggestions[0].text.rstrip()]
            self._show(document, Surface.POPUP, start, texts, len(word), outcome)

    def before_change(self, uri: str, changes: Sequence[Change]) -> Before | None:
        """What must be known of a document that is about to change; ``None`` when nobody follows it."""
        if not self.is_on or not self._tracker.follows(uri):
            return None
        lines = self._server.documents.get(uri).lines
        return Before(len(lines), list(lines) if _need_comparing(changes) else None)

    def after_change(self, uri: str, changes: Sequence[Change], before: Before | None) -> None:
        """The document took in ``changes``; ``before`` is what ``before_change`` returned."""
        if before is not None:
            lines = self._server.documents.get(uri).lines
            edits = _edits_of(changes, before.num_lines) if before.lines is None else [line_edit(before.lines, lines)]
            self._tracker.change(uri, edits, lines, self._now_s())
            self._schedule()

    def closed(self, uri: str) -> None:
        """A document is about to be forgotten."""
        self._tracker.close(uri, self._now_s())
        self._schedule()

    def was_accepted(self, arguments: Sequence[object]) -> None:
        """The command of an item was run."""
        if arguments and isinstance(arguments[0], str):
            self._tracker.accepted(arguments[0], self._now_s())
            self._schedule()

    def was_shown(self, item: dict[str, Any]) -> None:
        """An item came on the screen, says the editor."""
        self._tracker.seen(_id_of(item))

    def was_partly_accepted(self, item: dict[str, Any], num_units: int) -> None:
        """The first ``num_units`` UTF-16 code units of an item stand in the document, says the editor."""
        text = item.get("insertText")
        if isinstance(text, str):
            line = text.replace("\r", " ").replace("\n", " ")
            num_chars = convert.column_of(line, max(0, num_units), types.PositionEncodingKind.Utf16)
            self._tracker.partly_accepted(_id_of(item), num_chars, self._now_s())
            self._schedule()

    async def finish(self) -> None:
        """The session ends: write what is left, without waiting long."""
        if self._timer is not None:
            self._timer.cancel()
        self._unwritten += self._tracker.finish(self._now_s())
        if self._writing is not None and self._is_writing:
            await asyncio.wait((self._writing,), timeout=_LAST_WRITE_S)
        if self._unwritten and self.is_on:
            await asyncio.wait((self._write(),), timeout=_LAST_WRITE_S)

    def _show(
        self,
        document: Document,
        surface: Surface,
        start: convert.Place,
        texts: Sequence[str],
        num_typed: int,
        outcome: Outcome,
    ) -> str:
        self._num_shown += 1
        confidence = outcome.suggestions[0].confidence if outcome.suggestions else 0.0
        showing = Showing(
            str(self._num_shown),
            document.uri,
            document.language,
            surface,
            *start,
            tuple(texts),
            num_typed,
            confidence,
            outcome.latency_ms,
        )
        self._tracker.show(showing, document.lines, self._now_s())
        self._schedule()
        return showing.id

    def _schedule(self) -> None:
        due_s = self._tracker.next_due_s
        if self._unwritten:
            write_due_s = max(self._write_due_s, self._now_s() + _WRITE_AGAIN_S if self._is_writing else 0.0)
            due_s = write_due_s if due_s is None else min(write_due_s, due_s)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due_s is not None:
            self._timer = asyncio.get_running_loop().call_at(due_s, self._wake)

    def _wake(self) -> None:
        now_s = self._now_s()
        self._unwritten += self._tracker.due(now_s, self._lines_of)
        if not self.is_on:
            self._unwritten.clear()
        elif self._unwritten and now_s >= self._write_due_s and not self._is_writing:
            self._write()
        self._schedule()

    def _write(self) -> asyncio.Future[None]:
        """Write what is unwritten, and learn from it, on another thread."""
        records, self._unwritten = self._unwritten, []
        if records:
            self._write_due_s = self._now_s() + _WRITE_EVERY_S
        loaded = self._server.model.loaded
        model = loaded.model if loaded is not None else self._server.config.model
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(None, self._store, loop, records, model)
        return self._writing

    def _store(self, loop: asyncio.AbstractEventLoop, records: Sequence[Record], model: str) -> None:
        def warn(message: str) -> None:
            loop.call_soon_threadsafe(self._server.status.warn, message)

        try:
            from fimble.acceptance.store import Store

            store = Store(configuration.home() / "stats", warn)
            if records:
                store.add(records, model)
            self.adjustment = adjustment(buckets(row.record for row in store.read(limit=NUM_RECENT)))
        except (FimbleError, ImportError) as error:
            self._is_broken = True
            warn(f"What you accept is not counted: {error}")

    def _lines_of(self, uri: str) -> Sequence[str] | None:
        try:
            return self._server.documents.get(uri).lines
        except UnknownDocument:
            return None

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()


def _need_comparing(changes: Sequence[Change]) -> bool:
    """Whether only the text before and after tells which lines really changed."""
    partial = [change for change in changes if isinstance(change, types.TextDocumentContentChangePartial)]
    if len(partial) < len(changes):
        return True
    spans = [change.range for change in partial]
    return len(spans) == 1 and abs(spans[0].end.line - spans[0].start.line) > _LARGE_EDIT_LINES


def _edits_of(changes: Sequence[Change], num_lines: int) -> list[LineEdit]:
    """``changes``, each of a part of the document, as edits of whole lines of a document that had ``num_lines``."""
    edits: list[LineEdit] = []
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            edits.append(_edit_of(change, num_lines))
            num_lines += edits[-1].num_new - (edits[-1].stop - edits[-1].first)
    return edits


def _edit_of(change: types.TextDocumentContentChangePartial, num_lines: int) -> LineEdit:
    """An edit from line start to line start leaves the last line it names as it was."""
    start, end = sorted((change.range.start, change.range.end), key=lambda at: (at.line, at.character))
    first, last = min(start.line, num_lines - 1), end.line
    num_breaks = len(convert.split_lines(change.text)) - 1
    ends_line = not change.text or change.text.endswith(("\n", "\r"))
    if start.character == end.character == 0 and ends_line and first <= last < num_lines:
        return LineEdit(first, last, num_breaks)
    return LineEdit(first, min(last, num_lines - 1) + 1, num_breaks + 1)


def _id_of(item: dict[str, Any]) -> str:
    command = item.get("command")
    arguments = command.get("arguments") if isinstance(command, dict) else None
    found = arguments[0] if isinstance(arguments, list) and arguments else None
    return found if isinstance(found, str) else ""
