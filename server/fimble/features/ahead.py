"""Work for the next keystrokes, done while nobody waits: write on, and move the anchor."""

from __future__ import annotations

from dataclasses import replace

from fimble.engine.base import CancelToken, Urgency
from fimble.features.anchors import Anchors
from fimble.features.asking import Asking
from fimble.features.cache import ContinuationCache
from fimble.features.continuation import Continuation
from fimble.features.pace import Pace
from fimble.features.writer import Writer
from fimble.suggest.loops import loop_start
from fimble.suggest.scope import OPENERS, scope_at
from fimble.text import Cursor

LINES_AHEAD = 3
"""An answer is written on until this many line breaks lie ahead of the cursor: the suggestion, and what comes
after it is accepted."""
MAX_TOKENS_AHEAD = 192
"""No continuation grows beyond this many answer tokens."""
STEP_TOKENS = 12
CHUNK_TOKENS = 32
"""What one step of reading takes: a keystroke every 200 ms leaves time for it."""


class Ahead:
    """One piece of work a step, so that a keystroke need not wait. On the engine's thread."""

    def __init__(self, asking: Asking, writer: Writer, anchors: Anchors, cache: ContinuationCache, pace: Pace) -> None:
        self._asking, self._writer, self._anchors, self._cache, self._pace = asking, writer, anchors, cache, pace

    def step(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Do something useful after ``cursor`` was answered. ``False`` when nothing is left to do.

        Raises ``EngineError``; ``EngineCancelled`` when ``cancel`` is set.
        """
        return (
            self._warm(cursor, cancel)
            or (not self._writer.engine.info.is_remote and self._write_ahead(cursor, cancel))
            or self._move_anchor(cursor, cancel)
        )

    def _write_ahead(self, cursor: Cursor, cancel: CancelToken) -> bool:
        return self._write_on(cursor, cancel) or self._break_line(cursor, cancel)

    def _write_on(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Continue the answer at the cursor, as if it had been accepted."""
        found = self._cache.find(cursor, self._anchors.snippets(cursor.snapshot.uri))
        if found is None or not self._wants_more(*found):
            return False
        continuation, rest = found
        typed = len(continuation.text) - len(rest)
        longer = self._writer.extend(
            continuation, lambda text: text.count("\n", typed) < LINES_AHEAD, cancel, STEP_TOKENS
        )
        self._cache.put(longer)
        return True

    def _wants_more(self, continuation: Continuation, rest: str) -> bool:
        return (
            not continuation.is_whole
            and rest.count("\n") < LINES_AHEAD
            and len(continuation.answer) < MAX_TOKENS_AHEAD
            and loop_start(continuation.text) is None
        )

    def _break_line(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Where the line is complete, ask for what would follow a line break, before it is typed."""
        found = self._cache.find(cursor, self._anchors.snippets(cursor.snapshot.uri))
        if found is None or not found[0].is_whole or cursor.line_suffix.strip():
            return False
        next_line = after_line_break(cursor, found[1])
        if next_line is None:
            return False
        if self._cache.find(next_line, self._anchors.snippets(cursor.snapshot.uri)):
            return self._write_on(next_line, cancel)
        self._asking.ask(next_line, scope_at(next_line), cancel, max_tokens=STEP_TOKENS, urgency=Urgency.IDLE)
        return True

    def _warm(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Read the prompt of a place where nothing was asked yet: a document that was just opened or focused."""
        if self._anchors.is_ready(cursor):
            return False
        anchor = self._anchors.at(cursor, in_haste=False)[0]
        prompt = self._anchors.prompt(anchor, cursor)
        self._pace.learn_prefill(self._writer.read(prompt, anchor.uri, cancel, CHUNK_TOKENS))
        return True

    def _move_anchor(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Read the prompt of a better anchor, beside the one in use."""
        anchor = self._anchors.better(cursor)
        if anchor is None:
            return False
        prompt = self._anchors.prompt(anchor, cursor)
        stats = self._writer.read(prompt, f"{anchor.uri} next", cancel, CHUNK_TOKENS)
        self._pace.learn_prefill(stats)
        found = self._cache.find(cursor, self._anchors.snippets(anchor.uri))
        self._anchors.adopt(anchor)
        if found is not None:
            self._cache.put(found[0].shown_with(anchor.snippets))
        return True


def after_line_break(cursor: Cursor, accepted: str) -> Cursor | None:
    """The cursor on a new line below, after ``accepted`` was inserted; ``None`` where no line would be broken.

    Indented as editors do it: like the line above, or one step deeper where that opens a block.
    """
    line = cursor.line_prefix + accepted
    if not line.strip() or "\n" in accepted:
        return None
    indentation = line[: len(line) - len(line.lstrip())]
    if line.rstrip().endswith(OPENERS):
        indentation += "\t" if "\t" in indentation else "    "
    text = cursor.snapshot.text
    line_break = "\r\n" if text.endswith("\r\n", 0, text.find("\n") + 1) else "\n"
    before = cursor.prefix + accepted + line_break + indentation
    return Cursor(replace(cursor.snapshot, text=before + cursor.suffix), len(before))
