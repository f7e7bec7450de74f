"""From the text around a cursor to prompt tokens, within a budget."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fimble.context import window
from fimble.errors import ModelFolderInvalid
from fimble.prompt.anchor import LEAD_CHARS, Anchor, anchor_offset
from fimble.prompt.templates import Family, Part
from fimble.text import Cursor, Snippet

SUFFIX_SHARE = 4
"""The suffix gets one part in four of the budget, as in llama.cpp's ``/infill``; the prefix the rest."""
SNIPPET_SHARE = 2
"""Snippets from elsewhere get at most half as much as the window, beside it."""
ROOM_TO_GROW = 0.7
"""A window that has to move starts so far down that this share of its budget is used: it need not move soon."""
MAX_HEALED_CHARS = 24
"""A longer word is healed at its end only."""
_LAST_WORD = re.compile(r"[ \t]?\w+\Z|[ \t]*[^\w\s]+\Z|[ \t]+\Z")
MAX_CHARS_PER_TOKEN = 8
"""Text beyond this many characters a token of budget is not even tokenised."""


class Encoder(Protocol):
    """What a prompt needs of a tokenizer (``engine.tokenizer.Tokenizer``)."""

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Sequence[int]) -> str: ...

    def token_id(self, token: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the engine is asked to continue."""

    tokens: tuple[int, ...]
    required: str
    """What the answer has to begin with: typed text that was left out of the prompt, because its last
    token may not be the one that the whole word has (token healing)."""


@dataclass(frozen=True, slots=True)
class PromptBuilder:
    """A family bound to one vocabulary."""

    encoder: Encoder
    parts: tuple[int | Part, ...]
    snippet_parts: tuple[int | Part, ...]
    stop_tokens: frozenset[int]

    @property
    def has_suffix(self) -> bool:
        """Whether the family can be shown what follows the cursor."""
        return Part.SUFFIX in self.parts

    def anchor(
        self,
        cursor: Cursor,
        max_tokens: int,
        snippets: Sequence[Snippet] = (),
        earliest: int | None = None,
        end: int | None = None,
    ) -> Anchor:
        """An anchor some lines above ``cursor``; prefix, suffix and the text from it on share ``max_tokens``.

        Snippets come on top: one part in ``SNIPPET_SHARE`` as much.

        A long line at the cursor may take more by itself; then there is no prefix.

        ``earliest``: where the window began so far; it begins there again if that fits, so that
        what is cached stays good. ``end``: where the prefix ends, if not where an anchor belongs.
        """
        shown, shown_tokens = self._snippets(snippets, max_tokens // SNIPPET_SHARE)
        left = max_tokens
        suffix, suffix_tokens = "", list[int]()
        if self.has_suffix:
            suffix, suffix_tokens = self._suffix(cursor, left // SUFFIX_SHARE)
        end = anchor_offset(cursor, min(LEAD_CHARS, max_tokens)) if end is None else end
        num_tail = len(self.encoder.encode(cursor.snapshot.text[end : cursor.offset]))
        left = max(0, left - len(suffix_tokens) - num_tail)
        start, prefix_tokens = self._prefix(Cursor(cursor.snapshot, end), left, earliest)
        texts = {Part.PREFIX: prefix_tokens, Part.SUFFIX: suffix_tokens}
        head: list[int] = list(shown_tokens)
        for part in self.parts:
            head.extend(texts[part] if isinstance(part, Part) else (part,))
        text = cursor.snapshot.text
        is_whole = not self.has_suffix or len(suffix) == len(text) - cursor.offset
        return Anchor(
            cursor.snapshot.uri,
            start,
            end,
            text[start:end],
            suffix,
            is_whole and self.has_suffix,
            shown,
            tuple(head),
        )

    def prompt(self, anchor: Anchor, tail: str) -> Prompt:
        """The prompt that continues ``tail``, the text typed since ``anchor``; never empty."""
        tokens = self.encoder.encode(tail)
        kept, required = self._healed(tokens, tail)
        return Prompt((*anchor.head, *kept) or tuple(self.encoder.encode("\n")), required)

    def _healed(self, tokens: list[int], tail: str) -> tuple[list[int], str]:
        """``tokens`` without those of the word at the end, and the text that is missing then.

        The whole word, because its first half may have been cut into tokens that the whole one
        does not have. A line break is whole as it stands. A token that holds a part of a character takes
        its neighbours with it.
        """
        if not tail or tail[-1] in "\r\n":
            return tokens, ""
        begin = _LAST_WORD.search(tail, max(0, len(tail) - MAX_HEALED_CHARS))
        num_chars = begin.start() if begin else len(tail) - 1
        for num_kept in range(len(tokens) - 1, max(-1, len(tokens) - MAX_HEALED_CHARS - 1), -1):
            kept = self.encoder.decode(tokens[:num_kept])
            if len(kept) <= num_chars and tail.startswith(kept):
                return tokens[:num_kept], tail[len(kept) :]
        return tokens, ""

    def _snippets(self, snippets: Sequence[Snippet], max_tokens: int) -> tuple[tuple[Snippet, ...], list[int]]:
        """The last of ``snippets`` (the most relevant) that fit, and their tokens."""
        shown: list[Snippet] = []
        tokens: list[int] = []
        if not self.snippet_parts:
            return (), []
        for snippet in reversed(snippets):
            texts = {Part.PATH: snippet.path + "\n", Part.TEXT: snippet.text.rstrip("\n") + "\n"}
            mine: list[int] = []
            for part in self.snippet_parts:
                mine.extend(self.encoder.encode(texts[part]) if isinstance(part, Part) else (part,))
            if len(mine) + len(tokens) > max_tokens:
                continue
            shown.insert(0, snippet)
            tokens = mine + tokens
        return tuple(shown), tokens

    def _prefix(self, cursor: Cursor, max_tokens: int, earliest: int | None) -> tuple[int, list[int]]:
        """Where the prefix begins, and its tokens up to ``cursor``."""
        text = cursor.snapshot.text
        candidates = window.starts(cursor, max_tokens * MAX_CHARS_PER_TOKEN)
        if earliest is not None and earliest in candidates:
            tokens = self.encoder.encode(text[earliest : cursor.offset])
            if len(tokens) <= max_tokens:
                return earliest, tokens
        limit = max_tokens
        while candidates:
            start = candidates[0]
            tokens = self.encoder.encode(text[start : cursor.offset])
            if len(tokens) <= limit:
                return start, tokens
            limit = max(1, int(max_tokens * ROOM_TO_GROW))
            chars_that_fit = (cursor.offset - start) * limit // len(tokens)
            candidates = [later for later in candidates[1:] if later >= cursor.offset - chars_that_fit * 5 // 4]
        begin = max(0, cursor.offset - max(0, limit) * MAX_CHARS_PER_TOKEN)
        tokens = self.encoder.encode(text[begin : cursor.offset])
        tokens = tokens[max(0, len(tokens) - max(0, limit)) :]
        return cursor.offset - len(self.encoder.decode(tokens)), tokens

    def _suffix(self, cursor: Cursor, max_tokens: int) -> tuple[str, list[int]]:
        """The text after the cursor that is shown, whole lines where it is cut, and its tokens."""
        text = window.following(cursor, max_tokens * MAX_CHARS_PER_TOKEN)
        tokens = self.encoder.encode(text)
        while len(tokens) > max_tokens:
            shorter = self.encoder.decode(tokens[: max(0, max_tokens)])
            text = text[: min(len(text) - 1, len(shorter))]
            text = text[: text.rfind("\n") + 1] or text
            tokens = self.encoder.encode(text)
        return text, tokens


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
    snippet_parts = [part if isinstance(part, Part) else encoder.token_id(part) for part in family.snippet]
    known = tuple(part for part in snippet_parts if part is not None)
    return PromptBuilder(
        encoder,
        tuple(parts),
        known if len(known) == len(snippet_parts) else (),
        frozenset(stop for stop in stops if stop is not None),
    )
