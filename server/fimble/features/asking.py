"""One question to the model: the prompt for a cursor, its limits, and what was written kept for later."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from fimble.config import Config
from fimble.engine.base import CancelToken, Urgency
from fimble.features.anchors import NUM_CONTROL_TOKENS, Anchors
from fimble.features.cache import ContinuationCache
from fimble.features.choosing import NUM_OTHERS, OTHERS
from fimble.features.continuation import Continuation, Place
from fimble.features.writer import Writer, Written
from fimble.prompt.build import Prompt, PromptBuilder
from fimble.suggest.pipeline import has_ended
from fimble.suggest.scope import Scope
from fimble.text import Cursor


@dataclass(frozen=True, slots=True)
class Limits:
    """What the options leave room for in a model's context."""

    config: Config
    context_length: int

    @property
    def prompt_tokens(self) -> int:
        """Text that a prompt may show at its anchor; what is typed since comes on top."""
        longest = max(self.answer_tokens(scope) for scope in Scope)
        return min(self.config.prompt_tokens, self.context_length // 2 - longest - NUM_CONTROL_TOKENS)

    def answer_tokens(self, scope: Scope) -> int:
        """The longest answer."""
        longest = self.config.max_line_tokens if scope is Scope.LINE else self.config.max_block_tokens
        return min(longest, self.context_length // 4)


class Asking:
    """Asks the model; on the engine's thread."""

    def __init__(
        self, prompts: PromptBuilder, anchors: Anchors, writer: Writer, cache: ContinuationCache, limits: Limits
    ) -> None:
        self._prompts, self._anchors, self._writer, self._cache = prompts, anchors, writer, cache
        self._limits = limits

    def ask(
        self,
        cursor: Cursor,
        scope: Scope,
        cancel: CancelToken,
        *,
        num_candidates: int = 1,
        is_hurried: bool = False,
        on_place: Callable[[Place], Callable[[str], bool]] = lambda _: lambda _: True,
        max_tokens: int = 0,
        urgency: Urgency = Urgency.AWAITED,
    ) -> Written:
        """What the model writes at ``cursor``, until ``scope`` ends; it is in the cache afterwards.

        ``on_place`` is told the place before the model begins, and gives back whether to go on, asked with
        the text so far. ``max_tokens``: 0 for what the scope allows. The rest and errors as in ``Writer.write``.
        """
        max_tokens = max_tokens or self._limits.answer_tokens(scope)
        prompt, place = self._prompt(cursor, max_tokens, is_hurried)
        goes_on = on_place(place)
        written = self._writer.write(
            prompt,
            place,
            lambda text: goes_on(text) and not has_ended(text, cursor, scope),
            cancel,
            max_tokens=max_tokens,
            num_candidates=num_candidates,
            drafts=self._cache.latest(cursor.snapshot.uri),
            is_hurried=is_hurried,
            urgency=urgency,
        )
        for continuation in reversed(written.continuations):
            self._cache.put(continuation)
        return written

    def ask_others(self, cursor: Cursor, scope: Scope, cancel: CancelToken, until_s: float) -> list[Continuation]:
        """Answers drawn at random, as many as are whole by ``until_s``; ``ask`` was asked here already."""
        max_tokens = self._limits.answer_tokens(scope)
        prompt, place = self._prompt(cursor, max_tokens, is_hurried=False)
        written = self._writer.write(
            prompt,
            place,
            lambda text: not has_ended(text, cursor, scope),
            cancel,
            max_tokens=max_tokens,
            num_candidates=NUM_OTHERS,
            sampling=OTHERS,
            until_s=until_s,
        )
        return written.continuations

    def _prompt(self, cursor: Cursor, max_tokens: int, is_hurried: bool) -> tuple[Prompt, Place]:
        """What to ask at ``cursor``, and where that is; with a new anchor where the old one has grown too long."""
        anchor, tail = self._anchors.at(cursor, in_haste=is_hurried)
        prompt = self._prompts.prompt(anchor, tail)
        if len(prompt.tokens) + max_tokens > self._limits.context_length:
            self._anchors.forget(cursor.snapshot.uri)
            anchor, tail = self._anchors.at(cursor, in_haste=is_hurried)
            prompt = self._prompts.prompt(anchor, tail)
        return prompt, Place.at(cursor, anchor.snippets)

    def go_on(
        self,
        begun: Continuation,
        cursor: Cursor,
        scope: Scope,
        cancel: CancelToken,
        *,
        is_hurried: bool,
        on_place: Callable[[Place], Callable[[str], bool]],
    ) -> Written:
        """``begun``, which leads to ``cursor`` and was not finished, with its end; as ``ask`` otherwise."""
        goes_on, typed = on_place(begun.place), cursor.offset - begun.place.offset
        written = self._writer.write(
            Prompt(begun.tokens, ""),
            begun.place,
            lambda text: goes_on(text) and not (len(text) > typed and has_ended(text[typed:], cursor, scope)),
            cancel,
            max_tokens=self._limits.answer_tokens(scope),
            is_hurried=is_hurried,
            begun=begun,
        )
        self._cache.put(written.continuations[0])
        return written

    def may_go_on(self, continuation: Continuation) -> bool:
        """Whether it can be continued at once: it has no end, and the engine still holds what it was written after."""
        num_unread = len(continuation.tokens) - self._writer.engine.num_cached_tokens(continuation.tokens)
        has_room = len(continuation.tokens) + self._limits.answer_tokens(Scope.BLOCK) <= self._limits.context_length
        return not continuation.is_whole and has_room and num_unread <= NUM_CONTROL_TOKENS

    @property
    def stop_tokens(self) -> frozenset[int]:
        """Tokens that end an answer."""
        return self._prompts.stop_tokens

    def ask_otherwise(
        self,
        written: Written,
        banned: Collection[int],
        cursor: Cursor,
        scope: Scope,
        cancel: CancelToken,
        *,
        goes_on: Callable[[str], bool],
        is_hurried: bool,
        started_s: float,
    ) -> None:
        """Add to ``written`` an answer that begins with no token of ``banned`` and does not end at once."""
        more = self._writer.write_otherwise(
            written.continuations[-1],
            banned,
            lambda text: goes_on(text) and not has_ended(text, cursor, scope),
            cancel,
            max_tokens=self._limits.answer_tokens(scope),
            is_hurried=is_hurried,
            started_s=started_s,
        )
        written.continuations += more.continuations
        written.stats.num_generated_tokens += more.stats.num_generated_tokens
