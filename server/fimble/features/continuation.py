"""What the model wrote at a cursor, raw, kept so that it need not be written twice.

Whatever a person types, deletes or accepts next, as long as the text goes the way of the
continuation, its rest answers the next cursor: scope and filters are applied to the rest
anew, so one continuation serves a line, the line break after it and the next line.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace

from fimble.text import Cursor, Snippet, closers_before

BEFORE_CHARS = 32768
AFTER_CHARS = 8192
"""How much of the text around the cursor must be the same; at least what a prompt can show."""


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that shapes an answer, but the model and its settings, which a session never changes, and its adapter:
    each has caches of its own (``tuned.py``)."""

    uri: str
    language: str
    offset: int
    before: str
    after: str
    snippets: tuple[Snippet, ...]

    @staticmethod
    def at(cursor: Cursor, snippets: tuple[Snippet, ...]) -> Place:
        text, offset = cursor.snapshot.text, cursor.offset
        return Place(
            cursor.snapshot.uri,
            cursor.snapshot.language,
            offset,
            text[max(0, offset - BEFORE_CHARS) : offset],
            text[offset : offset + AFTER_CHARS],
            snippets,
        )

    def typed_since(self, cursor: Cursor) -> str | None:
        """What was typed between this place and ``cursor``; ``None`` when anything else changed."""
        snapshot = cursor.snapshot
        if (snapshot.uri, snapshot.language) != (self.uri, self.language) or cursor.offset < self.offset:
            return None
        if snapshot.text[self.offset - len(self.before) : self.offset] != self.before:
            return None
        is_rest = len(self.after) < AFTER_CHARS
        if closers_before(self.after, is_rest, snapshot.text, cursor.offset) is None:
            return None
        return snapshot.text[self.offset : cursor.offset]


@dataclass(frozen=True, slots=True)
class Continuation:
    """A model's answer at a place."""

    place: Place
    text: str
    ends: tuple[int, ...]
    """Where in ``text`` each token ends."""
    logprobs: tuple[float, ...]
    """Natural log of each token's probability."""
    tokens: tuple[int, ...]
    """Prompt and answer: what the engine is asked to continue when more is wanted."""
    num_prompt_tokens: int
    is_whole: bool
    """Whether the model came to an end by itself."""
    required: str = ""
    """What the answer's tokens write before ``text``: typed text that was left to the model."""

    @property
    def answer(self) -> tuple[int, ...]:
        """The tokens of the answer alone."""
        return self.tokens[self.num_prompt_tokens :]

    def before_text(self) -> tuple[Continuation, int | None]:
        """The answer up to where ``text`` begins, and the token that began it; ``None`` where it ended at once."""
        first = bisect_right(self.ends, 0)
        cut = replace(
            self,
            text="",
            ends=self.ends[:first],
            logprobs=self.logprobs[:first],
            tokens=self.tokens[: self.num_prompt_tokens + first],
            is_whole=False,
        )
        return cut, self.answer[first] if first < len(self.answer) else None

    def shown_with(self, snippets: tuple[Snippet, ...]) -> Continuation:
        """The same under a new anchor: what is on the screen stays good until it is typed out."""
        return replace(self, place=replace(self.place, snippets=snippets))

    def rest_for(self, cursor: Cursor) -> str | None:
        """What of the text is left at ``cursor``; ``None`` when it does not lead there."""
        if cursor.offset - self.place.offset > len(self.text) + self.text.count("\n"):
            return None
        typed = self.place.typed_since(cursor)
        return None if typed is None else rest_after(typed, self.text)

    def logprobs_of(self, begin: int, end: int) -> tuple[float, ...]:
        """Log-probabilities of the tokens that reach into ``text[begin:end]``."""
        first = bisect_right(self.ends, begin)
        last = bisect_left(self.ends, end, lo=first)
        return self.logprobs[first : last + 1]


def rest_after(typed: str, text: str) -> str | None:
    """What of ``text`` is left after ``typed``; ``None`` when it does not begin so.

    However line breaks are written: the model's may not be the editor's.
    """
    if text.startswith(typed):
        return text[len(typed) :]
    if "\r" not in typed and "\r" not in text:
        return None
    typed, text = typed.replace("\r\n", "\n"), text.replace("\r\n", "\n")
    return text[len(typed) :] if text.startswith(typed) else None
