"""What the last answers came to, for the person who asks why there was a suggestion or none.

Kept in memory only, without the text of any suggestion.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from lsprotocol import types

from fimble.lsp.greeting import JsonObject
from fimble.text import Outcome

_NUM_KEPT = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """One request and its outcome. ``position`` is the editor's, in its own units."""

    uri: str
    position: types.Position
    outcome: Outcome
    latency_ms: float

    def to_json(self) -> JsonObject:
        """The record that ``fimble/why`` returns; what there is none of is null."""
        outcome = self.outcome
        reason = outcome.reason
        shown = bool(outcome.suggestions)
        return {
            "uri": self.uri,
            "position": {"line": self.position.line, "character": self.position.character},
            "reason": reason.value if reason else None,
            "reasonCode": reason.name if reason else None,
            "detail": outcome.detail,
            "source": outcome.source.name.lower(),
            "numPromptTokens": outcome.num_prompt_tokens,
            "numReusedTokens": outcome.num_reused_tokens,
            "numGeneratedTokens": outcome.num_generated_tokens,
            "latencyMs": round(self.latency_ms, 2),
            "confidence": round(outcome.suggestions[0].confidence, 4) if shown else None,
            "shown": shown,
            "adapter": outcome.adapter or None,
            "context": [{"path": one.path, "why": one.why} for one in outcome.consulted],
        }


class Answers:
    """The last answers, of all documents together."""

    def __init__(self) -> None:
        self._kept: deque[Answer] = deque(maxlen=_NUM_KEPT)

    def add(self, answer: Answer) -> None:
        self._kept.append(answer)

    def last(self, uri: str | None = None, position: types.Position | None = None) -> Answer | None:
        """The newest answer, of ``uri`` if given, at ``position`` if one was asked for there; else ``None``."""
        ours = [answer for answer in reversed(self._kept) if uri is None or answer.uri == uri]
        there = [answer for answer in ours if answer.position == position]
        return next(iter(there or ours), None)
