"""Token healing: an answer that has to begin with given bytes, cut into tokens as the model likes.

The typed half of a word is seldom cut as the whole word is. So its last token is left out
of the prompt, and the answer may only begin with what was left out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from fimble.engine.vocabulary import Vocabulary


class BeginsWith:
    """A ``base.Constraint``: the answer's bytes begin with ``required``."""

    def __init__(self, vocabulary: Vocabulary, required: bytes) -> None:
        self._vocabulary, self.required = vocabulary, required
        self._known: dict[int, npt.NDArray[np.int64]] = {}
        """Bytes written -> the tokens that may follow."""

    def allowed(self, answer: Sequence[int]) -> npt.NDArray[np.int64] | None:
        """See ``base.Constraint``.

        ``None`` too when the answer has left what is required, which these tokens never do,
        and when no token can write what is left.
        """
        num_written = 0
        for token in answer:
            if num_written >= len(self.required):
                return None
            num_written += len(self._vocabulary.bytes_of(token))
        if num_written >= len(self.required):
            return None
        if not self.required.startswith(self._vocabulary.text_bytes(answer)):
            return None
        tokens = self._known.get(num_written)
        if tokens is None:
            tokens = self._known[num_written] = self._vocabulary.leading_to(self.required[num_written:])
        return tokens if len(tokens) else None


class OtherThan:
    """A ``base.Constraint``: the answer begins otherwise than with ``banned``, and never ends at once."""

    def __init__(self, vocabulary: Vocabulary, banned: Collection[int], required: bytes = b"") -> None:
        """``required``: what the answer has to begin with all the same."""
        self._vocabulary, self._banned = vocabulary, np.array(sorted(banned), np.int64)
        self._begin = BeginsWith(vocabulary, required)

    def allowed(self, answer: Sequence[int]) -> npt.NDArray[np.int64] | None:
        """See ``base.Constraint``."""
        tokens = self._begin.allowed(answer)
        if answer:
            return tokens
        if tokens is None:
            tokens = np.sort(self._vocabulary.beginning_with(b""))
        others: npt.NDArray[np.int64] = np.setdiff1d(tokens, self._banned, assume_unique=True)
        return others if len(others) else tokens
