"""A graph convolution over a query's scores: what a chunk's callers, callees and class say for it.

``H' = H W_0 + sum over relations k of A_k H W_k``, with ``H`` ``[num_chunks, 2]``: each chunk's nearness in meaning
and its match by words. ``A_k`` are the normalised adjacencies of a code graph with several kinds of edges, as in
Schlichtkrull et al. 2017, https://arxiv.org/abs/1703.06103; the weights were learned on docstrings and functions of
packages that search is not judged on (`fimble bench graph`). Over scores instead of vectors, because a convolution of
the vectors learned nothing there that the same network without edges did not (``docs/benchmarks.md``), and costs a new
product after every save.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fimble.index.graph import EdgeKind, Graph

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Relation:
    """Along which edges a chunk hears from others, and what that is worth."""

    kind: EdgeKind
    is_forward: bool
    """Whether the chunk at which an edge begins hears from the one at which it ends."""
    of_meaning: float
    of_words: float


OF_WORDS = 0.09
"""What a match by words is worth where a cosine is worth 1."""
RELATIONS = (
    Relation(EdgeKind.CALLS, True, 0.0, 0.031),
    Relation(EdgeKind.CALLS, False, 0.0, 0.049),
    Relation(EdgeKind.USES, True, 0.0, 0.023),
    Relation(EdgeKind.USES, False, 0.0, 0.003),
    Relation(EdgeKind.CONTAINS, False, 0.0, 0.032),
)
"""Half of what `fimble bench graph` learns from nine installed packages: it varies less between them."""


@dataclass(frozen=True, slots=True)
class _Adjacency:
    """Rows hear from columns; each row's weights sum to 1."""

    relation: Relation
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]

    def heard(self, values: npt.NDArray[np.floating[Any]], num_nodes: int) -> npt.NDArray[np.float64]:
        """The product with ``values``, ``[num_nodes]``."""
        import numpy as np

        return np.asarray(np.bincount(self.rows, values[self.columns] * self.weights, num_nodes), np.float64)


class Network:
    """The convolution over one graph. Never changes."""

    def __init__(self, graph: Graph, relations: Sequence[Relation] = RELATIONS) -> None:
        self.num_nodes = len(graph.ids)
        self.num_edges = graph.edges.shape[1]
        self._adjacencies = tuple(_adjacency(graph, relation) for relation in relations)

    def scores(
        self, meaning: npt.NDArray[np.float32] | None, words: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float64]:
        """``[num_nodes]`` from cosines, if there are any, and from matches by words between 0 and 1."""
        import numpy as np

        total = words.astype(np.float64)
        if meaning is not None:
            total = OF_WORDS * total + meaning
        for one in self._adjacencies:
            said: npt.NDArray[np.floating[Any]] = one.relation.of_words * words
            if meaning is None:
                said = said / OF_WORDS
            elif one.relation.of_meaning:
                said = said + one.relation.of_meaning * meaning
            total += one.heard(said, self.num_nodes)
        return total

    def heard(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """``[num_relations, num_nodes]``: what each chunk hears of ``values`` along each relation, unweighted."""
        import numpy as np

        rows = [one.heard(values, self.num_nodes) for one in self._adjacencies]
        return np.array(rows, np.float64).reshape(len(rows), self.num_nodes)


def _adjacency(graph: Graph, relation: Relation) -> _Adjacency:
    import numpy as np

    edges = graph.edges[:, graph.kinds == relation.kind]
    rows, columns = (edges[0], edges[1]) if relation.is_forward else (edges[1], edges[0])
    degrees = np.bincount(rows, minlength=len(graph.ids))
    return _Adjacency(relation, rows, columns, 1.0 / degrees[rows])
