"""From logits to the next token: greedy, temperature, top-p. Pure functions of numpy arrays.

A constraint is a list of the tokens that may come, ascending: the choice is made, and
its probability counted, among them alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fimble.engine.base import Sampling

Logits = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
_NEGLIGIBLE = 25.0
"""Nats below the best token, at the sampling's temperature: all such tokens together are never drawn, and sorting
them would take longer than the model's run."""


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

    def first(self, logits: Logits, allowed: Ids | None = None) -> tuple[int, float]:
        """The candidate's first token: at temperature 0 candidate n starts with the n-th best.

        Where fewer tokens than that are allowed, with the last of them.
        """
        if self._sampling.temperature > 0 or self._rank == 0:
            return self.next(logits, allowed)
        among = logits if allowed is None else logits[allowed]
        rank = min(self._rank, len(among) - 1)
        best = np.argpartition(among, -rank - 1)[-rank - 1 :]
        return _token(among, int(best[np.argsort(among[best])][0]), allowed)

    def next(self, logits: Logits, allowed: Ids | None = None) -> tuple[int, float]:
        """A token for ``logits`` ``[vocabulary]`` and its log-probability at temperature 1."""
        among = logits if allowed is None else logits[allowed]
        if self._sampling.temperature <= 0:
            place = int(among.argmax())
        else:
            likely = np.flatnonzero(among >= among.max() - _NEGLIGIBLE * self._sampling.temperature)
            place = int(likely[self._random.choice(len(likely), p=self._distribution(among[likely]))])
        return _token(among, place, allowed)

    def _distribution(self, logits: Logits) -> npt.NDArray[np.float64]:
        probabilities = np.exp(log_softmax(logits / self._sampling.temperature).astype(np.float64))
        if self._sampling.top_p < 1:
            order = np.argsort(-probabilities, kind="stable")
            before = np.cumsum(probabilities[order]) - probabilities[order]
            probabilities[order[before >= self._sampling.top_p]] = 0
        result: npt.NDArray[np.float64] = probabilities / probabilities.sum()
        return result


def _token(among: Logits, place: int, allowed: Ids | None) -> tuple[int, float]:
    """The token at a place of ``among`` and its log-probability; one pass less than ``log_softmax``."""
    highest = among.max()
    logprob = float(among[place] - highest) - float(np.log(np.exp(among - highest).sum()))
    return (place if allowed is None else int(allowed[place])), min(logprob, 0.0)
