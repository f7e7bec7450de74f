"""Texts that say nearly the same: found by MinHash, and counted word for word where nothing may be missed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fimble.errors import TrainingUnavailable
from fimble.training.settings import INSTALL

if TYPE_CHECKING:
    import numpy as np
    from datasketch import MinHash
    from numpy.typing import NDArray

FILE_THRESHOLD = 0.6
"""Jaccard similarity of two files' word sequences from which they are one to the split."""
EXAMPLE_THRESHOLD = 0.8
_SHINGLE_WORDS = 5
_MAX_SHINGLES = 20_000
WINDOW_WORDS = 8
"""So many words in the same order are no accident."""
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]")


def words(text: str) -> list[str]:
    """Names, numbers, marks and single Chinese characters, without white space."""
    return _WORD.findall(text)


def groups(texts: Sequence[str], threshold: float = FILE_THRESHOLD, num_permutations: int = 128) -> list[int]:
    """Of each text the number of the first one that it is, through others perhaps, nearly the same as.

    A text without a word is like no other. Raises ``TrainingUnavailable`` without datasketch.
    """
    parents = list(range(len(texts)))

    def top(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    for number, near in _neighbours(texts, threshold, num_permutations):
        for other in near:
            one, two = sorted((top(number), top(other)))
            parents[two] = one
    return [top(number) for number in range(len(texts))]


def distinct(texts: Sequence[str], threshold: float = EXAMPLE_THRESHOLD, num_permutations: int = 64) -> list[int]:
    """The positions of those texts that no earlier one which was kept says nearly the same as."""
    dropped: set[int] = set()
    for number, near in _neighbours(texts, threshold, num_permutations):
        if any(other not in dropped for other in near):
            dropped.add(number)
    return [number for number in range(len(texts)) if number not in dropped]


def _neighbours(texts: Sequence[str], threshold: float, num_permutations: int) -> Iterable[tuple[int, list[int]]]:
    """Each text with the earlier ones that are like it."""
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError as error:
        raise TrainingUnavailable(
            f"Near-duplicates cannot be found: {error.name} is not installed.",
            INSTALL,
        ) from error
    index = MinHashLSH(threshold=threshold, num_perm=num_permutations)
    known: list[MinHash] = []
    # the permutations are made once: they are the same for all, and making them takes longer than a short text
    empty = MinHash(num_perm=num_permutations, hashfunc=zlib.crc32)
    for number, text in enumerate(texts):
        one = empty.copy()
        if shingles := _shingles(text):
            one.update_batch(shingles)
            near = [other for other in index.query(one) if known[other].jaccard(one) >= threshold]
            if near:
                yield number, near
            index.insert(number, one)
        known.append(one)


def _shingles(text: str) -> list[bytes]:
    found = words(text)
    count = max(1, len(found) - _SHINGLE_WORDS + 1) if found else 0
    step = max(1, count // _MAX_SHINGLES)
    return list({" ".join(found[at : at + _SHINGLE_WORDS]).encode("utf-8", "replace") for at in range(0, count, step)})


class Windows:
    """Every ``WINDOW_WORDS`` words that follow each other in some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        import numpy as np

        parts = [part for text in texts if len(part := _hashes(text))]
        self._hashes: NDArray[np.int64] = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def holds(self, text: str) -> bool:
        """Whether all of ``text`` stands there, in pieces at least. Too short a text never does.

        Its first and last words may be parts of words, so they do not count.
        """
        found = self._found(_hashes(text, trim=1))
        return len(found) > 0 and bool(found.all())

    def longest(self, text: str) -> int:
        """The length, in words, of the longest piece of ``text`` that stands there; 0 below ``WINDOW_WORDS``."""
        best = run = 0
        for is_there in self._found(_hashes(text)):
            run = run + 1 if is_there else 0
            best = max(best, run)
        return best + WINDOW_WORDS - 1 if best else 0

    def _found(self, wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
        import numpy as np

        if not len(self._hashes) or not len(wanted):
            return np.zeros(len(wanted), np.bool_)
        places = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        result: NDArray[np.bool_] = self._hashes[places] == wanted
        return result


def _hashes(text: str, trim: int = 0) -> NDArray[np.int64]:
    import numpy as np

    found = words(text)
    found = found[trim : len(found) - trim] if trim else found
    count = len(found) - WINDOW_WORDS + 1
    return np.array([hash(tuple(found[at : at + WINDOW_WORDS])) for at in range(count)], np.int64)
