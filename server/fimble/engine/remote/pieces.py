"""Text as numbers where there is no tokenizer: the model, and what cuts its text, are on another machine.

Features count and cut tokens. A piece stands for a token there: a word, or a part of it, of at most seven bytes, whose
number is its bytes. A piece is about as long as a token of source code, so that budgets mean what they say. Marks
stand for what a prompt's parts are; how the endpoint's model wants them written is decided when it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

_MAX_BYTES = 7
"""As many as fit, with their number, into 64 bits."""
_WORDS = re.compile(r"(?:\r?\n)+|[ \t]?\w+|[ \t]?[^\w\s]+|[ \t]+(?![^ \t\r\n])|\s")
"""A blank before a word belongs to it, as in most models' tokens, and a line break stands alone: a word is healed
without what stands before it."""
_FIRST_MARK = 1 << 60
_OPEN, _CLOSE = "\ue010", "\ue011"


class Mark(Enum):
    """What the text after it is; the value is its name in a prompt of our own."""

    PREFIX = "prefix"
    SUFFIX = "suffix"
    MIDDLE = "middle"
    """What was typed since, which the answer continues."""
    FILE = "file"
    """A piece of another file: its path, a line break, its text."""
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"

    @property
    def text(self) -> str:
        """How it is written in a prompt family or a chat template."""
        return f"{_OPEN}{self.value}{_CLOSE}"

    @property
    def id(self) -> int:
        """Its number."""
        return _FIRST_MARK + list(Mark).index(self)


_MARKS = {mark.text: mark.id for mark in Mark}
_BY_ID = {mark.id: mark for mark in Mark}
_MARKED = re.compile(f"({'|'.join(map(re.escape, _MARKS))})")


def mark_of(piece: int) -> Mark | None:
    """The mark with that number; ``None`` for text."""
    return _BY_ID.get(piece)


@dataclass(frozen=True, slots=True)
class TextConstraint:
    """A ``base.Constraint`` on text that another machine cuts into tokens: it is checked when it arrives."""

    required: bytes
    banned: frozenset[int] = frozenset()

    def allowed(self, answer: Sequence[int]) -> npt.NDArray[np.int64] | None:
        """Anything: there is no vocabulary to choose from."""
        return None


class Pieces:
    """What features need of ``engine.tokenizer.Tokenizer``, without one."""

    def encode(self, text: str) -> list[int]:
        """The pieces of ``text``; nothing in it is a mark."""
        return [_number(piece) for word in _WORDS.findall(_without_surrogates(text)) for piece in _cut(word)]

    def encode_marked(self, text: str) -> list[int]:
        """The pieces of a text of our own, in which marks are marks."""
        ids: list[int] = []
        for place, part in enumerate(_MARKED.split(text)):
            ids += [_MARKS[part]] if place % 2 else self.encode(part)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ``ids``, marks left out."""
        return b"".join(_bytes(piece) for piece in ids if piece < _FIRST_MARK).decode("utf-8", "replace")

    def token_id(self, token: str) -> int | None:
        """The number of a mark's text."""
        return _MARKS.get(token)

    def begins_with(self, text: str) -> TextConstraint:
        """The constraint that an answer begins with ``text``."""
        return TextConstraint(text.encode(errors="replace"))

    def other_than(self, banned: Collection[int], text: str = "") -> TextConstraint:
        """The constraint that an answer begins with ``text``, and after it not with a piece of ``banned``."""
        return TextConstraint(text.encode(errors="replace"), frozenset(banned))


def _number(piece: bytes) -> int:
    return len(piece) << 56 | int.from_bytes(piece, "big")


def _bytes(number: int) -> bytes:
    return (number & (1 << 56) - 1).to_bytes(number >> 56, "big")


def _cut(word: str) -> Iterator[bytes]:
    """``word`` in parts of at most ``_MAX_BYTES``, none of which ends in the middle of a character."""
    part = b""
    for char in word:
        more = char.encode()
        if len(part) + len(more) > _MAX_BYTES:
            yield part
            part = b""
        part += more
    if part:
        yield part


def _without_surrogates(text: str) -> str:
    """Lone surrogates, which an editor may send, cannot be sent on: each becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
