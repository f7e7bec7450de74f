"""The words by which a text is found: names cut at their humps, English without its endings, Chinese by characters.

A query and what it searches are split alike.
"""

from __future__ import annotations

import re
import threading
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snowballstemmer.english_stemmer import EnglishStemmer

MAX_WORD_CHARS = 64
"""What is longer is no word but data: a key, a hash, a picture."""

_STEMMER_LOCK = threading.Lock()
"""A stemmer keeps the word that it works on."""
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[^\\W{_CJK}]+|[{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
"""``HTTPServer2`` as ``HTTP``, ``Server``, ``2``."""
_FOREIGN_PART = re.compile(r"[^\W\d_]+|\d+")
"""Of a word with other letters than English has."""


def split(text: str) -> list[str]:
    """The search words of ``text``, in order, as often as they stand there; lower case, without blanks.

    A name of several parts gives them and then itself, without underscores: ``get_url`` and ``getURL`` both give
    ``get``, ``url``, ``geturl``. A run of Chinese, Japanese or Korean gives its characters and its pairs of them.
    """
    found: list[str] = []
    for word in _WORD.findall(text):
        if len(word) <= MAX_WORD_CHARS:
            found += _split_word(word)
        elif _IS_CJK.match(word):
            found += _split_run(word)
    return found


@lru_cache(maxsize=1 << 16)
def _split_word(word: str) -> tuple[str, ...]:
    if _IS_CJK.match(word):
        return tuple(_split_run(word))
    parts = [part.lower() for part in (_PART if word.isascii() else _FOREIGN_PART).findall(word)]
    stems = tuple(_stem(part) for part in parts)
    return stems if len(parts) < 2 else (*stems, "".join(parts))


def _split_run(run: str) -> list[str]:
    return [*run, *(run[start : start + 2] for start in range(len(run) - 1))]


def _stem(word: str) -> str:
    if len(word) <= 3 or not (word.isascii() and word.isalpha()):
        return word
    with _STEMMER_LOCK:
        return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> EnglishStemmer:
    import snowballstemmer

    return snowballstemmer.EnglishStemmer()
