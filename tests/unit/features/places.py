"""Continuations and cursors for the tests of features: a document, what is typed into it, and a model's answer."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.features.continuation import Continuation, Place
from fimble.text import Cursor, Snapshot, Snippet
from tests.unit.cursor_mark import CharTokenizer

URI = "file:///example.py"
_FILE = 0x120000


class FileTokenizer(CharTokenizer):
    """Knows the token before a snippet too."""

    def token_id(self, token: str) -> int | None:
        return _FILE if token == "<|file_sep|>" else super().token_id(token)

    def decode(self, ids: Sequence[int]) -> str:
        return super().decode([token for token in ids if token != _FILE])


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
