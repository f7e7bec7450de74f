"""The sparse product against the dense formula."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fimble.index.graph import normalised, propagate


@given(st.integers(1, 12).flatmap(lambda size: st.tuples(st.just(size), _pairs(size), st.integers(0, 3))))
def test_the_product_is_that_of_the_dense_matrix(given_graph: tuple[int, list[tuple[int, int]], int]) -> None:
    size, pairs, dimension = given_graph
    edges = np.array(pairs, np.int64).reshape(-1, 2).T
    dense = np.eye(size)
    for start, end in pairs:
        if start != end:
            dense[start, end] += 1
            dense[end, start] += 1
    scale = 1 / np.sqrt(dense.sum(1))
    x = np.random.default_rng(size).standard_normal((size, dimension)).astype(np.float32)
    expected = (scale[:, None] * dense * scale) @ x
    np.testing.assert_allclose(propagate(normalised(size, edges), x), expected, atol=1e-5)


def _pairs(size: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    node = st.integers(0, size - 1)
    return st.lists(st.tuples(node, node), max_size=40)
