"""From a raw continuation to a verdict: the suggestion to show, or the reason for none."""

from __future__ import annotations

from collections.abc import Callable

from fimble.config import Config
from fimble.features.continuation import Continuation
from fimble.suggest.confidence import confidence, threshold
from fimble.suggest.parse import cut_breaking_lines
from fimble.suggest.pipeline import Filter, conclude, filters
from fimble.suggest.scope import Scope
from fimble.text import Cursor, Reason, Snippet, Suggestion

_REJECTED = frozenset(
    {
        Reason.REPEATS_SUFFIX,
        Reason.REPEATS_PREFIX,
        Reason.BREAKS_SYNTAX,
        Reason.UNKNOWN_NAME,
        Reason.LOOPS,
    }
)
Verdict = Suggestion | Reason


class Judge:
    """Knows what this person wants to see."""

    def __init__(self, config: Config, adjustment: Callable[[], float] = lambda: 0.0) -> None:
        """``adjustment``: what the person's acceptance adds to the least confidence, asked each time."""
        self._config, self._adjustment = config, adjustment
        self._latest: tuple[tuple[Snippet, ...], tuple[Filter, ...]] = ((), filters((), config.comments))

    def judge(
        self,
        continuation: Continuation,
        rest: str,
        cursor: Cursor,
        scope: Scope,
        is_cut_off: bool,
        is_asked: bool = False,
    ) -> Verdict:
        """What to show of ``rest``, the end of ``continuation``, at ``cursor``.

        ``is_cut_off``: the model would have written more, so the last line is not whole. ``is_asked``: the
        person asked for it, and sees it however unsure the model is.
        """
        text = conclude(rest, cursor, scope, is_cut_off, self._filters(continuation.place.snippets))
        if isinstance(text, Reason):
            return text
        begin = len(continuation.text) - len(rest)
        lead = len(text) - len(text.lstrip("\r\n"))
        line = text[lead:].partition("\n")[0]
        logprobs = continuation.logprobs_of(begin, begin + lead + len(line) + 1)
        sure = confidence(logprobs, line)
        if not is_asked and sure < threshold(self._config.eagerness, self._adjustment()):
            return Reason.NOT_CONFIDENT
        mean = sum(logprobs) / len(logprobs) if logprobs else 0.0
        return Suggestion(text, mean, sure, logprobs)

    def still_stands(self, rest: Suggestion, cursor: Cursor) -> bool:
        """Whether the rest of a suggestion that is being typed may still be shown.

        It was sound where it was shown, but it need not be after a part of it was typed: ``foo(a,`` leaves an
        empty assignment as broken as it was, and breaks it after ``foo``.
        """
        return cut_breaking_lines(rest.text, cursor) == rest.text

    def _filters(self, snippets: tuple[Snippet, ...]) -> tuple[Filter, ...]:
        """For what the model was shown; the same again while that does not change."""
        known_for, keepers = self._latest
        if known_for != snippets:
            keepers = filters((snippet.text for snippet in snippets), self._config.comments)
            self._latest = (snippets, keepers)
        return keepers


def may_begin_otherwise(reason: Reason, cursor: Cursor, is_hurried: bool) -> bool:
    """Whether an answer that was rejected for ``reason`` is worth a second thought.

    That nothing more belongs on a line is a good answer where something stands on it, unless
    the person asks.
    """
    if reason in (Reason.EMPTY, Reason.OUT_OF_SCOPE):
        return not is_hurried or not cursor.line_prefix.strip()
    return reason in _REJECTED
