"""Which bytes each token stands for, and which tokens begin with given bytes.

Tokens lie sorted by their bytes, so all that begin alike are neighbours, found by
bisection. Control tokens, tokens that were added beside the model's own and unused
numbers stand for no text and are left out; but for runs of spaces, which CodeGen added to GPT-2's.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import tokenizers

_BYTE = re.compile("<0x[0-9A-Fa-f]{2}>")
_SPACE = "\u2581"
"""What SentencePiece writes for a space."""


class Vocabulary:
    """The tokens of one tokenizer that stand for bytes."""

    def __init__(self, tokens: Mapping[int, bytes]) -> None:
        """``tokens``: id -> bytes, in any order. Tokens of no bytes are left out."""
        self._bytes_of = tokens
        ids, texts = list(tokens), list(tokens.values())
        order = sorted(range(len(ids)), key=texts.__getitem__)
        first = next((place for place, index in enumerate(order) if texts[index]), len(order))
        self._sorted = [texts[index] for index in order[first:]]
        self._ids = np.array([ids[index] for index in order[first:]], np.int64)
        self._num_ids = max(ids, default=-1) + 1
        self.longest = max(map(len, texts), default=0)
        """Bytes of the longest token."""

    @classmethod
    def of(cls, tokenizer: tokenizers.Tokenizer) -> Vocabulary:
        """Read it from a tokenizer: byte-level tokens, or SentencePiece's with ``<0x0A>`` for single bytes."""
        added = tokenizer.get_added_tokens_decoder()
        texts: dict[str, int] = tokenizer.get_vocab(with_added_tokens=False)
        if _is_byte_level(tokenizer):
            table = _byte_level_table()
            tokens = {index: _from_byte_level(text, table) for text, index in texts.items()}
        else:
            tokens = {index: _from_sentencepiece(text) for text, index in texts.items()}
        unused = {index for text, index in texts.items() if text == f"[PAD{index}]"}
        for index in added.keys() | unused:
            tokens.pop(index, None)
        tokens |= {index: token.content.encode() for index, token in added.items() if is_text(token.content)}
        return cls(tokens)

    def __len__(self) -> int:
        """How many tokens stand for text."""
        return len(self._sorted)

    def bytes_of(self, token: int) -> bytes:
        """What a token stands for; nothing for a control token."""
        return self._bytes_of.get(token, b"")

    def text_bytes(self, tokens: Iterable[int]) -> bytes:
        """What a token sequence stands for; control tokens add nothing."""
        return b"".join(map(self.bytes_of, tokens))

    def beginning_with(self, start: bytes) -> npt.NDArray[np.int64]:
        """Tokens whose bytes begin with ``start``, in no order; all of them for an empty one."""
        low, high = self._range(start, 0, len(self._sorted))
        return self._ids[low:high]

    def leading_to(self, text: bytes) -> npt.NDArray[np.int64]:
        """Tokens after which the rest of ``text`` can still be written, ascending.

        Their bytes begin with ``text`` or are a beginning of it.
        """
        low, high = 0, len(self._sorted)
        beginnings: list[int] = []
        for length in range(1, min(len(text), self.longest + 1)):
            start = text[:length]
            low, high = self._range(start, low, high)
            place = low
            while place < high and self._sorted[place] == start:
                beginnings.append(int(self._ids[place]))
                place += 1
            if place == high:
                low = high
                break
        low, high = self._range(text, low, high)
        chosen = np.zeros(self._num_ids, np.bool_)
        chosen[beginnings] = True
        chosen[self._ids[low:high]] = True
        return np.flatnonzero(chosen)

    def _range(self, start: bytes, low: int, high: int) -> tuple[int, int]:
        """Where, between two places, the tokens lie that begin with ``start``."""
        first = bisect_left(self._sorted, start, low, high)
        after = _next_beginning(start)
        return first, high if after is None else bisect_left(self._sorted, after, first, high)


def _next_beginning(start: bytes) -> bytes | None:
    """The least bytes above everything that begins with ``start``; ``None`` when there are none."""
    stripped = start.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None


def is_text(added: str) -> bool:
    """Whether a token that was added to a vocabulary stands for text of its own: nothing but space."""
    return not added.strip()


def _is_byte_level(tokenizer: tokenizers.Tokenizer) -> bool:
    for part in (tokenizer.decoder, tokenizer.pre_tokenizer):
        if part is not None and "ByteLevel" in _kinds(json.loads(part.__getstate__())):
            return True
    return False


def _kinds(part: Any) -> set[str]:
    """The ``type`` of a decoder or pre-tokenizer and of all inside it."""
    if isinstance(part, list):
        return set().union(*map(_kinds, part))
    if not isinstance(part, dict):
        return set()
    inside = set().union(*map(_kinds, part.values()))
    return inside | {part["type"]} if isinstance(part.get("type"), str) else inside


def _byte_level_table() -> dict[int, str]:
    """The characters of a byte-level vocabulary -> the byte of each, for ``str.translate``.

    GPT-2's table: printable bytes stand for themselves, the rest follow from U+0100 on.
    """
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(0x100) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {0x100 + place: chr(byte) for place, byte in enumerate(others)}


def _from_byte_level(text: str, table: dict[int, str]) -> bytes:
    try:
        return text.translate(table).encode("latin-1")
    except UnicodeEncodeError:
        return b""


def _from_sentencepiece(text: str) -> bytes:
    if _BYTE.fullmatch(text):
        return bytes([int(text[3:5], 16)])
    return text.replace(_SPACE, " ").encode("utf-8", "surrogatepass")
