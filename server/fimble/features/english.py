"""A question in Chinese as one in English, by the code model: the encoder of search was taught English."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from fimble.engine.base import CancelToken, Engine, GenerateRequest, Token
from fimble.prompt.chat import ChatPrompts, Message, Role

MAX_TOKENS = 40
MAX_QUERY_CHARS = 200
_TASK = "Translate what a programmer searches for into English. Answer with the translation only."
_SHOTS = (
    ("\u5728\u54ea\u91cc\u91cd\u8bd5\u4e0a\u4f20\uff1f", "where are uploads retried"),
    ("\u628a\u65e5\u671f\u8f6c\u6210\u65f6\u95f4\u6233", "convert date to timestamp"),
    ("python \u600e\u4e48\u6309\u884c\u8bfb\u53d6 csv \u6587\u4ef6", "python how to read csv file line by line"),
)
"""Queries of nobody's benchmark."""


class Decodes(Protocol):
    """What this needs of a tokenizer."""

    def decode(self, ids: Sequence[int]) -> str: ...


class English:
    """Bound to one engine; on the engine's thread."""

    def __init__(self, engine: Engine, tokenizer: Decodes, prompts: ChatPrompts, end_tokens: Collection[int]) -> None:
        self._engine, self._tokenizer, self._prompts = engine, tokenizer, prompts
        self._end_tokens = frozenset(end_tokens)

    def __call__(self, query: str, cancel: CancelToken | None = None) -> str:
        """``query`` in English, on one line; empty where the model says nothing. Raises ``EngineError``."""
        messages = [Message(Role.SYSTEM, _TASK)]
        for question, answer in _SHOTS:
            messages += [Message(Role.USER, question), Message(Role.ASSISTANT, answer)]
        messages.append(Message(Role.USER, query[:MAX_QUERY_CHARS]))
        request = GenerateRequest(
            self._prompts.prompt(messages), MAX_TOKENS, stop_tokens=self._end_tokens, sequence="english"
        )
        tokens = [step.id for step in self._engine.generate(request, cancel) if isinstance(step, Token)]
        return " ".join(self._tokenizer.decode(tokens).split())
