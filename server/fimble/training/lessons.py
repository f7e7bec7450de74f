"""An example as a network sees it: tokens, and how much each of them counts in the loss."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Lesson:
    """One sequence to learn; token i is to be foretold from those before it."""

    tokens: NDArray[np.int32]
    """[n]; for an encoder-decoder the decoder's side, its start token first."""
    weights: NDArray[np.float32]
    """[n], of each token in the loss; 0 for control tokens and for the first."""
    num_judged: int
    """So many tokens at the end are the middle and the token that ends it: what the validation loss counts."""
    source: NDArray[np.int32] | None = None
    """[m], what an encoder reads; None for decoders."""

    @property
    def num_tokens(self) -> int:
        """All that is computed."""
        return len(self.tokens) + (0 if self.source is None else len(self.source))


def fingerprint(lessons: Iterable[Lesson]) -> str:
    """sha256 of everything in ``lessons``: a checkpoint goes on with the data that it began with."""
    digest = hashlib.sha256()
    for lesson in lessons:
        parts = (lesson.tokens, lesson.weights, np.array([lesson.num_judged]))
        for part in parts if lesson.source is None else (*parts, lesson.source):
            digest.update(len(part).to_bytes(4, "little"))
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
