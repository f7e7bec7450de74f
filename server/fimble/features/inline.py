"""Inline completion, as a sentence: prompt -> engine -> scope -> filters -> suggestions."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Protocol

from fimble.config import Config
from fimble.engine.base import CancelToken, Engine, Finish, GenerateRequest, Generation, GenerationStats
from fimble.errors import EngineCancelled, FimbleError
from fimble.prompt.build import Encoder, bind
from fimble.prompt.templates import Family
from fimble.suggest.pipeline import conclude, has_ended
from fimble.suggest.scope import Scope, scope_at
from fimble.text import Cursor, Outcome, Reason, Suggestion

_LOG = logging.getLogger(__name__)
_NUM_CONTROL_TOKENS = 8
"""More than any family's prompt holds beside the text."""


class Tokenizer(Encoder, Protocol):
    """What this feature needs of ``engine.tokenizer.Tokenizer``."""

    def decode(self, ids: Sequence[int]) -> str: ...


class InlineFeature:
    """Suggests what to insert at a cursor. One request at a time."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer, family: Family, config: Config) -> None:
        """Raises ``ModelFolderInvalid`` when the vocabulary lacks a token the family needs."""
        self._engine, self._tokenizer, self._config = engine, tokenizer, config
        self._prompts = bind(family, tokenizer)

    def suggest(self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1) -> Outcome:
        """Up to ``num_candidates`` different suggestions, or the reason for none; failures are reasons."""
        started = time.perf_counter()
        if len(cursor.snapshot.text) > self._config.max_document_mb * 2**20:
            return Outcome(reason=Reason.TOO_LARGE)
        if cancel.cancelled:
            return Outcome(reason=Reason.CANCELLED)
        stats = GenerationStats()
        suggestions: tuple[Suggestion, ...] = ()
        reason, detail = None, ""
        try:
            scope = scope_at(cursor)
            generation = self._engine.generate(self._request(cursor, scope, num_candidates), cancel)
            stats = generation.stats
            suggestions, reason = self._collect(generation, cursor, scope)
        except EngineCancelled:
            reason = Reason.CANCELLED
        except FimbleError as error:
            _LOG.warning("The engine failed: %s", error)
            reason, detail = Reason.FAILED, str(error)
        return Outcome(
            suggestions,
            reason,
            detail,
            latency_ms=(time.perf_counter() - started) * 1e3,
            num_prompt_tokens=stats.num_prompt_tokens,
            num_reused_tokens=stats.num_reused_tokens,
            num_generated_tokens=stats.num_generated_tokens,
        )

    def _request(self, cursor: Cursor, scope: Scope, num_candidates: int) -> GenerateRequest:
        context_length = self._engine.info.context_length
        longest = self._config.max_line_tokens if scope is Scope.LINE else self._config.max_block_tokens
        max_tokens = min(longest, context_length // 2)
        budget = min(self._config.prompt_tokens, context_length - max_tokens - _NUM_CONTROL_TOKENS)
        return GenerateRequest(
            prompt=self._prompts.build(cursor, budget),
            max_tokens=max_tokens,
            stop_tokens=self._prompts.stop_tokens,
            stop=lambda ids: has_ended(self._tokenizer.decode(ids), cursor, scope),
            num_candidates=num_candidates,
            sequence=cursor.snapshot.uri,
        )

    def _collect(
        self, generation: Generation, cursor: Cursor, scope: Scope
    ) -> tuple[tuple[Suggestion, ...], Reason | None]:
        """All candidates' suggestions: the greedy one first, then by confidence; or the first reason."""
        tokens: dict[int, list[int]] = {}
        logprobs: dict[int, float] = {}
        for token in generation:
            tokens.setdefault(token.candidate, []).append(token.id)
            logprobs[token.candidate] = logprobs.get(token.candidate, 0.0) + token.logprob
        suggestions: dict[str, Suggestion] = {}
        first_reason: Reason | None = None
        for candidate, ids in tokens.items():
            is_cut_off = generation.stats.finishes.get(candidate) is Finish.LENGTH
            text = conclude(self._tokenizer.decode(ids).rstrip("\ufffd"), cursor, scope, is_cut_off)
            if isinstance(text, Reason):
                first_reason = first_reason or text
            else:
                suggestions.setdefault(text, Suggestion(text, logprobs[candidate] / len(ids)))
        if not suggestions:
            return (), first_reason or Reason.EMPTY
        first, *others = suggestions.values()
        return (first, *sorted(others, key=lambda other: -other.mean_logprob)), None
