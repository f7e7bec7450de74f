"""Inline completion, as a sentence: cache -> context -> prompt -> engine -> suggest."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from fimble.config import Config
from fimble.engine.base import CancelToken, Engine
from fimble.errors import EngineCancelled, FimbleError
from fimble.features.ahead import Ahead
from fimble.features.anchors import Anchors
from fimble.features.asking import Asking, Limits
from fimble.features.cache import ContinuationCache
from fimble.features.continuation import Continuation, Place
from fimble.features.flight import Flight
from fimble.features.judge import Judge, Verdict, may_begin_otherwise
from fimble.features.pace import Pace
from fimble.features.screen import Screen
from fimble.features.writer import PATIENCE_MS, Tokenizer, Writer, Written
from fimble.prompt.build import SNIPPET_SHARE, bind
from fimble.prompt.templates import Family
from fimble.suggest.comments import in_comment
from fimble.suggest.pipeline import has_ended
from fimble.suggest.scope import Scope, is_inside_code, scope_at
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Outcome, Reason, Snippet, Source, Suggestion

_LOG = logging.getLogger(__name__)
MAX_SECOND_THOUGHTS = 2
_CHARS_PER_TOKEN = 3.5
"""Of source code, roughly: what a budget in tokens means for text that is only chosen."""


class Elsewhere(Protocol):
    """What this feature needs of ``context.elsewhere.Elsewhere``."""

    def snippets(
        self, cursor: Cursor, max_chars: int, deadline_ms: float = ..., seen: tuple[int, int] | None = None
    ) -> tuple[Snippet, ...]: ...

    def prepare(self, deadline_ms: float = ...) -> bool: ...


class InlineFeature:
    """Suggests what to insert at a cursor. ``suggest`` and ``idle`` on the engine's thread, the rest on any."""

    def __init__(
        self,
        engine: Engine,
        tokenizer: Tokenizer,
        family: Family,
        config: Config,
        elsewhere: Elsewhere | None = None,
        adjustment: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ``ModelFolderInvalid`` when the vocabulary lacks a token the family needs."""
        self._config, self._elsewhere, self._clock = config, elsewhere, clock
        self._limits = Limits(config, engine.info.context_length)
        prompts = bind(family, tokenizer)
        self.pace = Pace()
        writer = self._writer = Writer(engine, tokenizer, prompts.stop_tokens, clock)
        self._cache = ContinuationCache()
        self._screen = Screen()
        self._judge = Judge(config, adjustment)
        self._anchors = Anchors(
            prompts, self._limits.prompt_tokens, self.pace, self._find_snippets, engine.num_cached_tokens
        )
        self._asking = Asking(prompts, self._anchors, writer, self._cache, self._limits)
        self._ahead = Ahead(self._asking, writer, self._anchors, self._cache, self.pace)
        self._flight: Flight | None = None

    def recall(self, cursor: Cursor) -> Outcome | None:
        """The answer at ``cursor`` as far as it is known without the model, in under 5 ms; ``None``: ask it."""
        started_s = self._clock()
        shown = self._screen.rest_for(cursor)
        if shown is not None and self._judge.still_stands(shown, cursor):
            return self._outcome([shown], None, started_s, Source.CACHE)
        found = self._cache.find(cursor, self._anchors.snippets(cursor.snapshot.uri))
        if found is None:
            return None
        continuation, rest = found
        scope = scope_at(cursor)
        is_known = continuation.is_whole or has_ended(rest, cursor, scope)
        if not is_known and "\n" not in rest.lstrip():
            return None
        verdict = self._judge.judge(continuation, rest, cursor, scope, is_cut_off=not is_known)
        return self._conclude([verdict], cursor, started_s, Source.CACHE)

    def joins(self, cursor: Cursor) -> bool:
        """Whether the answer being written may lead to ``cursor``; if so it is written for it from now on."""
        flight = self._flight
        return flight is not None and flight.joins(cursor)

    def suggest(
        self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1, is_hurried: bool = False
    ) -> Outcome:
        """Up to ``num_candidates`` different suggestions, or the reason for none; failures are reasons.

        ``is_hurried``: a person did not ask, but would like to see something before the next key.
        """
        started_s = self._clock()
        if len(cursor.snapshot.text) > self._config.max_document_mb * 2**20:
            return Outcome(reason=Reason.TOO_LARGE)
        if cancel.cancelled:
            return Outcome(reason=Reason.CANCELLED)
        if not self._config.comments and in_comment(cursor):
            return Outcome(reason=Reason.IN_COMMENT)
        if is_hurried and is_inside_code(cursor):
            return Outcome(reason=Reason.MID_LINE)
        if is_hurried and (known := self.recall(cursor)) is not None:
            return known
        try:
            scope = scope_at(cursor)
            written = self._write(cursor, scope, cancel, num_candidates, is_hurried)
            self._think_again(written, cursor, scope, cancel, is_hurried, started_s)
        except EngineCancelled:
            return self._outcome([], Reason.CANCELLED, started_s)
        except FimbleError as error:
            _LOG.warning("The engine failed: %s", error)
            return replace(self._outcome([], Reason.FAILED, started_s), detail=str(error))
        finally:
            flight, self._flight = self._flight, None
        self.pace.learn(written.stats, (self._clock() - started_s) * 1000)
        verdicts = [self._verdict(continuation, cursor, scope, is_hurried) for continuation in written.continuations]
        for continuation, verdict in zip(written.continuations, verdicts, strict=True):
            if isinstance(verdict, Suggestion):
                self._cache.put(continuation)
                break
        is_seen = flight is None or not flight.is_joined
        outcome = self._conclude(verdicts, cursor, started_s, is_seen=is_seen)
        return replace(
            outcome,
            num_prompt_tokens=written.stats.num_prompt_tokens,
            num_reused_tokens=written.stats.num_reused_tokens,
            num_generated_tokens=written.stats.num_generated_tokens,
        )

    def idle(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Do the next piece of work that may be wanted soon after ``cursor`` was answered; ``False``: none is left."""
        try:
            TREES.at(cursor)
            if self._ahead.step(cursor, cancel):
                return True
            return self._elsewhere is not None and self._config.other_files and self._elsewhere.prepare()
        except FimbleError as error:
            if not isinstance(error, EngineCancelled):
                _LOG.warning("Work in idle time failed: %s", error)
            return False

    @property
    def answer_ms(self) -> float:
        """How long an answer of the model takes, as learned so far."""
        return self.pace.answer_ms

    @property
    def num_run_tokens(self) -> int:
        """All tokens that the engine has prefilled or generated so far, in idle time too."""
        return self._writer.num_run_tokens

    def forget(self, uri: str) -> None:
        """The document is closed."""
        TREES.forget(uri)
        self._cache.forget(uri)
        self._screen.forget(uri)

    def _write(
        self, cursor: Cursor, scope: Scope, cancel: CancelToken, num_candidates: int, is_hurried: bool
    ) -> Written:
        """Ask the model, for as long as what it writes agrees with what is typed meanwhile."""

        def on_place(place: Place) -> Callable[[str], bool]:
            flight = self._flight = Flight(place)
            return flight.goes_on

        found = self._cache.find(cursor, self._anchors.snippets(cursor.snapshot.uri))
        if num_candidates == 1 and found is not None and self._asking.may_go_on(found[0]):
            return self._asking.go_on(found[0], cursor, scope, cancel, is_hurried=is_hurried, on_place=on_place)
        return self._asking.ask(
            cursor, scope, cancel, num_candidates=num_candidates, is_hurried=is_hurried, on_place=on_place
        )

    def _think_again(
        self, written: Written, cursor: Cursor, scope: Scope, cancel: CancelToken, is_hurried: bool, started_s: float
    ) -> None:
        """Where the answer cannot be shown, let the model begin otherwise, while there is time for it."""
        banned: set[int] = set()
        for _ in range(MAX_SECOND_THOUGHTS):
            last, flight = written.continuations[-1], self._flight
            if last.place.offset != cursor.offset or len(written.continuations) > MAX_SECOND_THOUGHTS:
                return
            verdict = self._verdict(last, cursor, scope, is_hurried)
            is_late = is_hurried and (self._clock() - started_s) * 1000 > PATIENCE_MS / 2
            if not isinstance(verdict, Reason) or is_late or not may_begin_otherwise(verdict, cursor, is_hurried):
                return
            first = last.before_text()[1]
            banned |= {first} if first is not None else self._asking.stop_tokens
            self._asking.ask_otherwise(
                written,
                banned,
                cursor,
                scope,
                cancel,
                goes_on=flight.goes_on if flight is not None else lambda _: True,
                is_hurried=is_hurried,
                started_s=started_s,
            )

    def _verdict(self, continuation: Continuation, cursor: Cursor, scope: Scope, is_hurried: bool) -> Verdict:
        rest = continuation.rest_for(cursor)
        if rest is None:
            return Reason.STALE
        is_known = continuation.is_whole or has_ended(rest, cursor, scope)
        return self._judge.judge(continuation, rest, cursor, scope, is_cut_off=not is_known, is_asked=not is_hurried)

    def _conclude(
        self,
        verdicts: Sequence[Verdict],
        cursor: Cursor,
        started_s: float,
        source: Source = Source.MODEL,
        is_seen: bool = True,
    ) -> Outcome:
        """The suggestions, the greedy one first and then by confidence; or the first reason."""
        different: dict[str, Suggestion] = {}
        for verdict in verdicts:
            if isinstance(verdict, Suggestion):
                different.setdefault(verdict.text, verdict)
        if not different:
            reasons = [verdict for verdict in verdicts if isinstance(verdict, Reason)]
            if is_seen:
                self._screen.forget(cursor.snapshot.uri)
            return self._outcome([], reasons[0] if reasons else Reason.EMPTY, started_s, source)
        first, *others = different.values()
        if is_seen:
            self._screen.show(cursor, first)
        return self._outcome([first, *sorted(others, key=lambda other: -other.confidence)], None, started_s, source)

    def _outcome(
        self,
        suggestions: Sequence[Suggestion],
        reason: Reason | None,
        started_s: float,
        source: Source = Source.MODEL,
    ) -> Outcome:
        latency_ms = (self._clock() - started_s) * 1000
        return Outcome(tuple(suggestions), reason, latency_ms=latency_ms, source=source)

    def _find_snippets(self, cursor: Cursor) -> tuple[Snippet, ...]:
        if self._elsewhere is None or not self._config.other_files:
            return ()
        window_chars = int(self._limits.prompt_tokens * _CHARS_PER_TOKEN)
        seen = (cursor.offset - window_chars // 2, cursor.offset + window_chars // 6)
        return self._elsewhere.snippets(cursor, window_chars // SNIPPET_SHARE, seen=seen)
