"""Inline completion, as a sentence: cache -> context -> prompt -> engine -> suggest."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from fimble.config import Config
from fimble.context.live_imports import awaited_names
from fimble.engine.base import CancelToken, Engine
from fimble.errors import EngineCancelled, FimbleError
from fimble.features.ahead import Ahead
from fimble.features.anchors import Anchors
from fimble.features.answering import Answering
from fimble.features.asking import Asking, Limits
from fimble.features.cache import ContinuationCache
from fimble.features.choosing import Choosing
from fimble.features.continuation import Continuation
from fimble.features.flight import Flight
from fimble.features.judge import Judge, Verdict
from fimble.features.pace import Pace
from fimble.features.screen import Screen
from fimble.features.writer import Tokenizer, Writer
from fimble.prompt.build import SNIPPET_SHARE, bind
from fimble.prompt.templates import Family
from fimble.suggest.comments import in_comment
from fimble.suggest.pipeline import has_ended
from fimble.suggest.scope import is_inside_code, scope_at
from fimble.syntax.trees import TREES
from fimble.text import Consulted, Cursor, Outcome, Reason, Snippet, Source, Suggestion

_LOG = logging.getLogger(__name__)
_CHARS_PER_TOKEN = 3.5
"""Of source code, roughly: what a budget in tokens means for text that is only chosen."""


class Elsewhere(Protocol):
    """What this feature needs of ``context.elsewhere.Elsewhere``."""

    was_late: bool

    def snippets(
        self,
        cursor: Cursor,
        max_chars: int,
        deadline_ms: float = ...,
        seen: tuple[int, int] | None = None,
        with_index: bool = ...,
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
        pace: Pace | None = None,
    ) -> None:
        """``pace``: the engine's, where more features than this one run on it.

        Raises ``ModelFolderInvalid`` when the vocabulary lacks a token the family needs."""
        self._config, self._elsewhere, self._clock = config, elsewhere, clock
        self._limits = Limits(config, engine.info.context_length)
        prompts = bind(family, tokenizer)
        self.pace = pace or Pace()
        writer = self._writer = Writer(engine, tokenizer, prompts.stop_tokens, clock)
        self._cache = ContinuationCache()
        self._screen = Screen()
        self._judge = Judge(config, adjustment)
        self._anchors = Anchors(
            prompts,
            self._limits.prompt_tokens,
            self.pace,
            self._find_snippets,
            engine.num_cached_tokens,
            lambda: elsewhere is not None and elsewhere.was_late,
        )
        asking = Asking(prompts, self._anchors, writer, self._cache, self._limits)
        self._answering = Answering(
            asking, self._judge, Choosing(engine, tokenizer), self._known, config.thorough, clock, self._awaited
        )
        self._ahead = Ahead(asking, writer, self._anchors, self._cache, self.pace)
        self._flight: Flight | None = None

    def recall(self, cursor: Cursor) -> Outcome | None:
        """The answer at ``cursor`` as far as it is known without the model, in under 5 ms; ``None``: ask it."""
        started_s = self._clock()
        shown = self._screen.rest_for(cursor)
        if shown is not None and self._judge.still_stands(shown, cursor):
            return replace(
                self._outcome([shown], None, started_s, Source.CACHE), consulted=self._consulted(cursor.snapshot.uri)
            )
        found = self._known(cursor)
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
            answers, stats = self._answering.answers(cursor, scope, cancel, num_candidates, is_hurried, self._take_off)
        except EngineCancelled:
            return self._outcome([], Reason.CANCELLED, started_s)
        except FimbleError as error:
            _LOG.warning("The engine failed: %s", error)
            return replace(self._outcome([], Reason.FAILED, started_s), detail=str(error))
        finally:
            flight, self._flight = self._flight, None
        if is_hurried:
            self.pace.learn(stats, (self._clock() - started_s) * 1000)
        else:
            self.pace.learn_prefill(stats)
        best = next((continuation for continuation, verdict in answers if isinstance(verdict, Suggestion)), None)
        if best is not None:
            self._cache.put(best)
        is_seen = flight is None or not flight.is_joined
        verdicts = [verdict for _, verdict in answers]
        outcome = self._conclude(verdicts, cursor, started_s, is_seen=is_seen, num_candidates=num_candidates)
        return replace(
            outcome,
            num_prompt_tokens=stats.num_prompt_tokens,
            num_reused_tokens=stats.num_reused_tokens,
            num_generated_tokens=stats.num_generated_tokens,
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

    def _take_off(self, flight: Flight) -> None:
        self._flight = flight

    def _known(self, cursor: Cursor) -> tuple[Continuation, str] | None:
        """What was written for ``cursor`` or on the way to it, and what of it is left."""
        return self._cache.find(cursor, self._anchors.snippets(cursor.snapshot.uri))

    def _conclude(
        self,
        verdicts: Sequence[Verdict],
        cursor: Cursor,
        started_s: float,
        source: Source = Source.MODEL,
        is_seen: bool = True,
        num_candidates: int = 1,
    ) -> Outcome:
        """The first ``num_candidates`` different suggestions; or the first reason."""
        outcome = self._chosen(verdicts, cursor, started_s, source, is_seen, num_candidates)
        return replace(outcome, consulted=self._consulted(cursor.snapshot.uri))

    def _chosen(
        self,
        verdicts: Sequence[Verdict],
        cursor: Cursor,
        started_s: float,
        source: Source,
        is_seen: bool,
        num_candidates: int,
    ) -> Outcome:
        different: dict[str, Suggestion] = {}
        for verdict in verdicts:
            if isinstance(verdict, Suggestion):
                different.setdefault(verdict.text, verdict)
        if not different:
            reasons = [verdict for verdict in verdicts if isinstance(verdict, Reason)]
            if is_seen:
                self._screen.forget(cursor.snapshot.uri)
            return self._outcome([], reasons[0] if reasons else Reason.EMPTY, started_s, source)
        suggestions = list(different.values())[:num_candidates]
        if is_seen:
            self._screen.show(cursor, suggestions[0])
        return self._outcome(suggestions, None, started_s, source)

    def _outcome(
        self,
        suggestions: Sequence[Suggestion],
        reason: Reason | None,
        started_s: float,
        source: Source = Source.MODEL,
    ) -> Outcome:
        latency_ms = (self._clock() - started_s) * 1000
        return Outcome(tuple(suggestions), reason, latency_ms=latency_ms, source=source)

    def _awaited(self, cursor: Cursor) -> frozenset[str]:
        return awaited_names(cursor) if self._config.other_files and self._config.cross_file else frozenset()

    def _consulted(self, uri: str) -> tuple[Consulted, ...]:
        return tuple(Consulted(one.path, one.why) for one in self._anchors.snippets(uri))

    def _find_snippets(self, cursor: Cursor) -> tuple[Snippet, ...]:
        if self._elsewhere is None or not self._config.other_files:
            return ()
        window_chars = int(self._limits.prompt_tokens * _CHARS_PER_TOKEN)
        seen = (cursor.offset - window_chars // 2, cursor.offset + window_chars // 6)
        return self._elsewhere.snippets(
            cursor, window_chars // SNIPPET_SHARE, seen=seen, with_index=self._config.cross_file
        )
