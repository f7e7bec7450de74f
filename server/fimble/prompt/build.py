"""From the text around a cursor to prompt tokens, within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fimble.context import window
from fimble.errors import ModelFolderInvalid
from fimble.prompt.templates import Family, Part
from fimble.text import Cursor

SUFFIX_SHARE = 4
"""The suffix gets one part in four of the budget, as in llama.cpp's ``/infill``; the prefix the rest."""
MAX_CHARS_PER_TOKEN = 8
"""Text beyond this many characters a token of budget is not even tokenised."""


class Encoder(Protocol):
    """What a prompt needs of a tokenizer (``engine.tokenizer.Tokenizer``)."""

    def encode(self, text: str) -> list[int]: ...

    def token_id(self, token: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class PromptBuilder:
    """A family bound to one vocabulary."""

    encoder: Encoder
    parts: tuple[int | Part, ...]
    stop_tokens: frozenset[int]

    def build(self, cursor: Cursor, max_tokens: int) -> tuple[int, ...]:
        """The prompt for ``cursor``: never empty, and at most ``max_tokens`` tokens of text.

        On a line that is still empty, the line break and the indentation come last, behind
        the middle token where the family has one. Their last character is left to the
        model: it is glued to the word that follows (`` return`` is one token), and
        ``suggest.indent`` takes it off again.
        """
        head, tail = cursor, list[int]()
        if not cursor.line_prefix.strip():
            head = _end_of_line_before(cursor)
            tail = self.encoder.encode(cursor.snapshot.text[head.offset : cursor.offset - bool(cursor.line_prefix)])
        max_tokens -= len(tail)
        suffix: list[int] = []
        if Part.SUFFIX in self.parts:
            suffix = self._suffix(cursor, max_tokens // SUFFIX_SHARE)
        texts = {Part.PREFIX: self._prefix(head, max_tokens - len(suffix)), Part.SUFFIX: suffix}
        prompt: list[int] = []
        for part in self.parts:
            prompt.extend(texts[part] if isinstance(part, Part) else (part,))
        return (*prompt, *tail) or tuple(self.encoder.encode("\n"))

    def _prefix(self, cursor: Cursor, max_tokens: int) -> Sequence[int]:
        """Tokens up to the cursor, from the earliest step that fits."""
        tokens: list[int] = []
        candidates = window.starts(cursor, max_tokens * MAX_CHARS_PER_TOKEN)
        while candidates:
            start = candidates[0]
            tokens = self.encoder.encode(cursor.snapshot.text[start : cursor.offset])
            if len(tokens) <= max_tokens:
                return tokens
            chars_that_fit = (cursor.offset - start) * max_tokens // len(tokens)
            candidates = [later for later in candidates[1:] if later >= cursor.offset - chars_that_fit * 5 // 4]
        begin = max(0, cursor.offset - max_tokens * MAX_CHARS_PER_TOKEN)
        tokens = self.encoder.encode(cursor.snapshot.text[begin : cursor.offset])
        return tokens[max(0, len(tokens) - max_tokens) :]

    def _suffix(self, cursor: Cursor, max_tokens: int) -> list[int]:
        return self.encoder.encode(window.following(cursor, max_tokens * MAX_CHARS_PER_TOKEN))[: max(0, max_tokens)]


def bind(family: Family, encoder: Encoder) -> PromptBuilder:
    """``family`` with its control tokens looked up. Raises ``ModelFolderInvalid`` when one is missing."""
    parts: list[int | Part] = []
    for part in family.parts:
        token = part if isinstance(part, Part) else encoder.token_id(part)
        if token is None:
            raise ModelFolderInvalid(
                f"The model's vocabulary has no {part}, which its prompt family {family.name} needs.",
                "Set another prompt_family in the model's catalogue file.",
            )
        parts.append(token)
    stops = (encoder.token_id(stop) for stop in family.stops)
    return PromptBuilder(encoder, tuple(parts), frozenset(stop for stop in stops if stop is not None))


def _end_of_line_before(cursor: Cursor) -> Cursor:
    """The end of the line before the cursor's, its line break excluded; the start of the file on its first line."""
    text, start = cursor.snapshot.text, cursor.offset - len(cursor.line_prefix)
    if start == 0:
        return replace(cursor, offset=0)
    return replace(cursor, offset=start - (2 if text.endswith("\r\n", 0, start) else 1))
