"""Tests look like an editor: ``‸`` marks the cursor in a text."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fimble.engine.healing import BeginsWith, OtherThan
from fimble.engine.vocabulary import Vocabulary
from fimble.text import Cursor, Snapshot

MARK = "‸"


def at_mark(marked: str, uri: str = "file:///example.py") -> Cursor:
    """The cursor at the one mark in ``marked``."""
    before, mark, after = marked.partition(MARK)
    assert mark and MARK not in after, "exactly one cursor mark"
    return Cursor(Snapshot(uri, "python", 1, before + after), len(before))


class CharTokenizer:
    """One token a character; control tokens live above Unicode."""

    CONTROL = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>")

    def encode(self, text: str) -> list[int]:
        return [ord(char) for char in text]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(chr(token) for token in ids if token < 0x110000)

    def begins_with(self, text: str) -> BeginsWith:
        return BeginsWith(Vocabulary({ord(char): char.encode() for char in text}), text.encode())

    def other_than(self, banned: Collection[int], text: str = "") -> OtherThan:
        tokens = {code: chr(code).encode() for code in (*range(9, 127), *map(ord, text))}
        return OtherThan(Vocabulary(tokens), banned, text.encode())

    def token_id(self, token: str) -> int | None:
        return 0x110000 + self.CONTROL.index(token) if token in self.CONTROL else None
