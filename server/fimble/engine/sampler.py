"""From logits to the next token: greedy, temperature, top-p. Pure functions of numpy arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fimble.engine.base import Sampling

Logits = npt.NDArray[np.float32]


def log_softmax(logits: Logits) -> Logits:
    """Natural-log probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Logits = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


class Sampler:
    """Chooses tokens for one candidate; two samplers with one seed and rank choose alike."""

    def __init__(self, sampling: Sampling, candidate: int) -> None:
        self._sampling = sampling
        self._rank = candidate
        self._random = np.random.default_rng([sampling.seed, candidate])

    def first(self, logits: Logits) -> tuple[int, float]:
        """The candidate's first token: at temperature 0 candidate n starts with the n-th best."""
        if self._sampling.temperature > 0 or self._rank == 0:
            return self.next(logits)
        best = np.argpartition(logits, -self._rank - 1)[-self._rank - 1 :]
        token = int(best[np.argsort(logits[best])][0])
        return token, float(log_softmax(logits)[token])

    def next(self, logits: Logits) -> tuple[int, float]:
        """A token for ``logits`` ``[vocabulary]`` and its log-probability at temperature 1."""
        logprobs = log_softmax(logits)
        if self._sampling.temperature <= 0:
            token = int(logits.argmax())
        else:
            token = int(self._random.choice(len(logits), p=self._distribution(logits)))
        return token, float(logprobs[token])

    def _distribution(self, logits: Logits) -> npt.NDArray[np.float64]:
        probabilities = np.exp(log_softmax(logits / self._sampling.temperature).astype(np.float64))
        if self._sampling.top_p < 1:
            order = np.argsort(-probabilities, kind="stable")
            before = np.cumsum(probabilities[order]) - probabilities[order]
            probabilities[order[before >= self._sampling.top_p]] = 0
        result: npt.NDArray[np.float64] = probabilities / probabilities.sum()
        return result
