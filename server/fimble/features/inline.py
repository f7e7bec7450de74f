"""Inline completion, as a sentence: prompt -> engine -> scope -> filters -> suggestions."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Protocol

from fimble.config import Config
from fimble.engine.base import CancelToken, Engine, Finish, GenerateRequest, Generation
from fimble.errors import EngineCancelled, FimbleError
from fimble.prompt.build import Encoder, bind
from fimble.prompt.templates import Family
from fimble.suggest.pipeline import refine
from fimble.suggest.scope import Scope, cut, scope_at
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
        scope = scope_at(cursor)
        max_tokens = self._config.max_line_tokens if scope is Scope.LINE else self._config.max_block_tokens
        budget = min(self._config.prompt_tokens, self._engine.info.context_length - max_tokens - _NUM_CONTROL_TOKENS)
        generation: Generation | None = None
        suggestions: tuple[Suggestion, ...] = ()
        reason, detail = None, ""
        try:
            request = GenerateRequest(
                prompt=self._prompts.build(cursor, budget),
                max_tokens=max_tokens,
                stop_tokens=self._prompts.stop_tokens,
                stop=lambda ids: cut(self._tokenizer.decode(ids), cursor, scope)[1],
                num_candidates=num_candidates,
            )
            generation = self._engine.generate(request, cancel)
            suggestions, reason = self._collect(generation, cursor, scope)
        except EngineCancelled:
            reason = Reason.CANCELLED
        except FimbleError as error:
            _LOG.exception("The engine failed")
            reason, detail = Reason.FAILED, str(error)
        outcome = Outcome(suggestions, reason, detail, (time.perf_counter() - started) * 1e3)
        if generation is None:
            return outcome
        stats = generation.stats
        return Outcome(
            suggestions,
            reason,
            detail,
            outcome.latency_ms,
            stats.num_prompt_tokens,
            stats.num_reused_tokens,
            stats.num_generated_tokens,
        )

    def _collect(
        self, generation: Generation, cursor: Cursor, scope: Scope
    ) -> tuple[tuple[Suggestion, ...], Reason | None]:
        tokens: dict[int, list[int]] = {}
        logprobs: dict[int, float] = {}
        for token in generation:
            tokens.setdefault(token.candidate, []).append(token.id)
            logprobs[token.candidate] = logprobs.get(token.candidate, 0.0) + token.logprob
        suggestions: dict[str, Suggestion] = {}
        first_reason: Reason | None = None
        for candidate, ids in tokens.items():
            finish = generation.stats.finishes.get(candidate)
            text = refine(self._text(ids, cursor, scope, finish), cursor)
            if isinstance(text, Reason):
                first_reason = first_reason or text
            else:
                suggestions.setdefault(text, Suggestion(text, logprobs[candidate] / len(ids)))
        if suggestions:
            return tuple(suggestions.values()), None
        return (), first_reason or Reason.EMPTY

    def _text(self, ids: Sequence[int], cursor: Cursor, scope: Scope, finish: Finish | None) -> str:
        """The answer's text within its scope, without a character or a line that was cut off."""
        text = self._tokenizer.decode(ids).rstrip("\ufffd")
        if finish is Finish.LENGTH and scope is Scope.BLOCK and "\n" in text.strip():
            text = text[: text.rstrip().rfind("\n")]
        return cut(text + "\n", cursor, scope)[0].rstrip("\r\n")
