"""Learns the weights of the graph convolution in search (``index.network``) from docstrings and their functions.

A contrastive loss: among a query's candidates the one right chunk has to score highest, as a softmax sees it. The
scores are linear in the weights, so that the loss has one minimum, which Newton's steps find in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fimble.bench.search import Wanted
from fimble.errors import IndexUnavailable
from fimble.index.network import OF_WORDS, RELATIONS
from fimble.index.reader import Reader
from fimble.index.searcher import MAX_MATCHES, Embed, telling
from fimble.index.view import Views

if TYPE_CHECKING:
    import numpy.typing as npt

NUM_CANDIDATES = 100
"""The best by words and meaning; a right answer that is not among them joins them, so no rank is above 101."""
RIDGE = 1.0
"""What the square of a weight costs beside the queries' losses: what few edges say is not believed too readily."""
SHARE = 0.5
"""Of what was learned along edges, that is served: it varies less between packages, and helps nearly as much."""
_MAX_STEPS = 50
_ENOUGH = 1e-8
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Lesson:
    """A query's candidates, the right one first."""

    features: npt.NDArray[np.float64]
    """``[num_candidates, 2 + num_relations]``: cosine, match by words, and of such matches what is heard along each
    relation of ``index.network.RELATIONS``."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What everything is worth where a cosine is worth 1."""

    of_words: float
    along: tuple[float, ...]
    """One a relation of ``index.network.RELATIONS``."""
    scale: float = 1.0
    """What the scores are multiplied by before the softmax."""

    def vector(self) -> npt.NDArray[np.float64]:
        """Side by side with a lesson's features."""
        return np.array([1.0, self.of_words, *self.along])

    def damped(self, share: float) -> Weights:
        """With ``share`` of what is heard along edges."""
        return Weights(self.of_words, tuple(share * one for one in self.along), self.scale)


SERVED = Weights(OF_WORDS, tuple(one.of_words for one in RELATIONS))


def lessons(
    folder: Path, wanted: Sequence[Wanted], embed: Embed, on_query: Callable[[int], None] = lambda _: None
) -> list[Lesson]:
    """One for each of ``wanted`` that is a chunk of its own in the index at ``folder``.

    Raises ``IndexUnavailable`` where chunks lack their vectors.
    """
    reader = Reader(folder)
    counts = reader.counts()
    if counts.num_missing_vectors or not counts.num_chunks:
        raise IndexUnavailable(f"The index in {folder} is not whole.")
    view = Views(reader).latest()
    found = []
    for number, one in enumerate(wanted):
        on_query(number)
        places = reader.in_file(one.path, with_references=False)
        right = next((view.rows[stored.id] for stored in places if stored.chunk.qualified == one.name), None)
        if right is None:
            continue
        words = view.matches(dict(reader.match(telling(one.query), MAX_MATCHES)))
        cosines = view.cosines(embed(one.query))
        assert cosines is not None, "every chunk has a vector"
        both = cosines + OF_WORDS * words
        others = [row for row in np.argsort(-both, kind="stable")[:NUM_CANDIDATES].tolist() if row != right]
        table = np.vstack([cosines, words, view.network.heard(words)])
        found.append(Lesson(table[:, [right, *others]].T.copy()))
    reader.close()
    return found


def learn(given: Sequence[Lesson], of_words: float | None = OF_WORDS, ridge: float = RIDGE) -> Weights:
    """The weights of the least loss over ``given``, which is not empty; with ``of_words`` ``None`` that one, too."""
    # what is learned -> a weight for each feature
    basis = np.eye(given[0].features.shape[1])
    if of_words is not None:
        basis[1, 0] = of_words
        basis = np.delete(basis, 1, axis=1)
    is_damped = np.arange(len(basis.T)) >= len(basis.T) - len(RELATIONS)
    tables = [lesson.features @ basis for lesson in given]
    values = np.where(is_damped, 0.0, 1.0)
    for _ in range(_MAX_STEPS):
        gradient, curvature = ridge * is_damped * values, np.diag(np.where(is_damped, ridge, _TINY))
        for table in tables:
            shares = softmax(table @ values)
            mean = shares @ table
            gradient += mean - table[0]
            curvature += (table.T * shares) @ table - np.outer(mean, mean)
        step = np.linalg.solve(curvature, gradient)
        values = values - step
        if np.abs(step).max() < _ENOUGH:
            break
    found = basis @ values
    scale = float(found[0])
    return Weights(float(found[1]) / scale, tuple(float(one) / scale for one in found[2:]), scale)


def loss(given: Sequence[Lesson], weights: Weights) -> float:
    """In nats a query, without the ridge."""
    values = weights.scale * weights.vector()
    return float(np.mean([-np.log(softmax(one.features @ values)[0]) for one in given]))


def ranks(given: Sequence[Lesson], weights: Weights) -> list[int]:
    """Of the right answer among each lesson's candidates; what scores alike counts as better."""
    found = []
    for lesson in given:
        scores = lesson.features @ weights.vector()
        found.append(int((scores >= scores[0]).sum()))
    return found


def softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``[num_candidates]``, summing to 1."""
    powers: npt.NDArray[np.float64] = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum(), np.float64)
