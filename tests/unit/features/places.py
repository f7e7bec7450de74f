"""Continuations and cursors for the tests of features: a document, what is typed into it, and a model's answer."""

from __future__ import annotations

from fimble.features.continuation import Continuation, Place
from fimble.text import Cursor, Snapshot, Snippet

URI = "file:///example.py"


def cursor_in(text: str, offset: int, uri: str = URI, language: str = "python") -> Cursor:
    return Cursor(Snapshot(uri, language, 1, text), offset)


def answer_at(
    cursor: Cursor, text: str, *, is_whole: bool = True, snippets: tuple[Snippet, ...] = (), num_prompt_tokens: int = 2
) -> Continuation:
    """A continuation with one token a character, each less likely than the one before."""
    prompt = tuple(range(num_prompt_tokens))
    return Continuation(
        Place.at(cursor, snippets),
        text,
        tuple(range(1, len(text) + 1)),
        tuple(-0.01 * number for number in range(len(text))),
        (*prompt, *map(ord, text)),
        len(prompt),
        is_whole,
    )
