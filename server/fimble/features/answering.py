"""The answers to one question, the best first: the greedy one, second thoughts, and for who asked a choice of more."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from fimble.engine.base import CancelToken, GenerationStats
from fimble.errors import EngineCancelled, EngineError
from fimble.features.asking import Asking
from fimble.features.choosing import CHOICE_MS, Choosing
from fimble.features.continuation import Continuation, Place
from fimble.features.flight import Flight
from fimble.features.judge import Judge, Verdict, may_begin_otherwise
from fimble.features.writer import PATIENCE_MS, Written
from fimble.suggest.pipeline import has_ended
from fimble.suggest.scope import Scope
from fimble.text import Cursor, Reason, Suggestion

_LOG = logging.getLogger(__name__)
MAX_SECOND_THOUGHTS = 2

Answer = tuple[Continuation, Verdict]
"""What the model wrote, and what to show of it."""


@dataclass(slots=True)
class _Question:
    """What is asked, and since when."""

    cursor: Cursor
    scope: Scope
    cancel: CancelToken
    is_hurried: bool
    started_s: float
    flight: Flight | None = None


class Answering:
    """Asks, thinks again and chooses; on the engine's thread."""

    def __init__(
        self,
        asking: Asking,
        judge: Judge,
        choosing: Choosing,
        known: Callable[[Cursor], tuple[Continuation, str] | None],
        is_thorough: bool,
        clock: Callable[[], float] = time.monotonic,
        awaited: Callable[[Cursor], frozenset[str]] = lambda _: frozenset(),
    ) -> None:
        """``known``: what was written for a cursor so far, and what of it is left there.

        ``awaited``: names that are likely to be used next.
        """
        self._awaited = awaited
        self._asking, self._judge, self._choosing = asking, judge, choosing
        self._known, self._is_thorough, self._clock = known, is_thorough, clock

    def answers(
        self,
        cursor: Cursor,
        scope: Scope,
        cancel: CancelToken,
        num_candidates: int,
        is_hurried: bool,
        on_flight: Callable[[Flight], None],
    ) -> tuple[list[Answer], GenerationStats]:
        """All answers, at least one; ``on_flight`` is told of the first as soon as it is begun.

        Raises ``EngineError``; ``EngineCancelled`` when ``cancel`` is set.
        """
        question = _Question(cursor, scope, cancel, is_hurried, self._clock())
        written = self._write(question, num_candidates, on_flight)
        self._think_again(question, written)
        return self._ranked(question, written), written.stats

    def _write(self, question: _Question, num_candidates: int, on_flight: Callable[[Flight], None]) -> Written:
        """Ask the model, for as long as what it writes agrees with what is typed meanwhile."""
        cursor, is_hurried = question.cursor, question.is_hurried

        def on_place(place: Place) -> Callable[[str], bool]:
            flight = question.flight = Flight(place)
            on_flight(flight)
            return flight.goes_on

        found = self._known(cursor)
        if num_candidates == 1 and found is not None and self._asking.may_go_on(found[0]):
            return self._asking.go_on(
                found[0], cursor, question.scope, question.cancel, is_hurried=is_hurried, on_place=on_place
            )
        return self._asking.ask(
            cursor,
            question.scope,
            question.cancel,
            num_candidates=num_candidates,
            is_hurried=is_hurried,
            on_place=on_place,
        )

    def _think_again(self, question: _Question, written: Written) -> None:
        """Where the answer cannot be shown, let the model begin otherwise, while there is time for it."""
        cursor, is_hurried, flight = question.cursor, question.is_hurried, question.flight
        banned: set[int] = set()
        for _ in range(MAX_SECOND_THOUGHTS):
            last = written.continuations[-1]
            if last.place.offset != cursor.offset or len(written.continuations) > MAX_SECOND_THOUGHTS:
                return
            verdict = self._verdict(question, last)
            is_late = is_hurried and (self._clock() - question.started_s) * 1000 > PATIENCE_MS / 2
            if not isinstance(verdict, Reason) or is_late or not may_begin_otherwise(verdict, cursor, is_hurried):
                return
            first = last.before_text()[1]
            banned |= {first} if first is not None else self._asking.stop_tokens
            self._asking.ask_otherwise(
                written,
                banned,
                cursor,
                question.scope,
                question.cancel,
                goes_on=flight.goes_on if flight is not None else lambda _: True,
                is_hurried=is_hurried,
                started_s=question.started_s,
            )

    def _ranked(self, question: _Question, written: Written) -> list[Answer]:
        """The best first.

        Who asked has time for more answers, and for weighing them; else the greedy one is the best, and then
        those that the model is surest of.
        """
        cursor, cancel = question.cursor, question.cancel
        found = [(answer, self._verdict(question, answer)) for answer in written.continuations]
        if question.is_hurried or not self._is_thorough or not self._choosing.has_choice(cursor):
            return found[:1] + sorted(found[1:], key=_doubt)
        try:
            others = self._asking.ask_others(cursor, question.scope, cancel, self._clock() + CHOICE_MS / 1000)
            found += [(answer, self._verdict(question, answer)) for answer in others]
            shown = [(answer, verdict) for answer, verdict in found if isinstance(verdict, Suggestion)]
            order = self._choosing.best_first(
                [_weighed(*one, cursor) for one in shown], cursor, cancel, self._awaited(cursor)
            )
        except EngineCancelled:
            raise
        except EngineError as error:
            _LOG.warning("No choice among answers: %s", error)
            return found
        return [shown[place] for place in order] or found

    def _verdict(self, question: _Question, continuation: Continuation) -> Verdict:
        cursor, scope = question.cursor, question.scope
        rest = continuation.rest_for(cursor)
        if rest is None:
            return Reason.STALE
        is_known = continuation.is_whole or has_ended(rest, cursor, scope)
        return self._judge.judge(
            continuation, rest, cursor, scope, is_cut_off=not is_known, is_asked=not question.is_hurried
        )


def _weighed(answer: Continuation, suggestion: Suggestion, cursor: Cursor) -> tuple[str, float]:
    """What ``Choosing.best_first`` takes."""
    begin = len(answer.text) - len(answer.rest_for(cursor) or "")
    return suggestion.text, sum(answer.logprobs_of(begin, begin + len(suggestion.text) + 1))


def _doubt(answer: Answer) -> float:
    """How unsure the model is of an answer, 0 to 1; 1 of one that is not shown."""
    return 1 - answer[1].confidence if isinstance(answer[1], Suggestion) else 1.0
