"""What a chunk hears from its neighbours, against sums written out one edge at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from fimble.index.graph import EdgeKind, Graph
from fimble.index.network import OF_WORDS, RELATIONS, Network, Relation

Edge = tuple[int, int, EdgeKind]
MEANING = np.array([0.1, 0.2, 0.4, -0.3], np.float32)
WORDS = np.array([1.0, 0.0, 0.5, 0.25], np.float32)
CALLEE = Relation(EdgeKind.CALLS, True, 0.5, 0.25)
CALLER = Relation(EdgeKind.CALLS, False, 0.5, 0.25)
BOTH = CALLEE, CALLER


def graph(*edges: Edge, num_nodes: int = 4) -> Graph:
    pairs = np.array([edge[:2] for edge in edges], np.int64).reshape(-1, 2).T
    return Graph(np.arange(num_nodes) + 10, pairs, np.array([edge[2] for edge in edges], np.int8))


def slow_scores(
    edges: Sequence[Edge], relations: Sequence[Relation], meaning: Sequence[float] | None, words: Sequence[float]
) -> list[float]:
    """One node and one edge at a time."""
    scores = []
    for node in range(len(words)):
        score = words[node] if meaning is None else meaning[node] + OF_WORDS * words[node]
        for relation in relations:
            pairs = [edge[:2] if relation.is_forward else edge[1::-1] for edge in edges if edge[2] == relation.kind]
            heard = [other for one, other in pairs if one == node]
            for other in heard:
                if meaning is None:
                    score += relation.of_words / OF_WORDS * words[other] / len(heard)
                else:
                    of_both = relation.of_meaning * meaning[other] + relation.of_words * words[other]
                    score += of_both / len(heard)
        scores.append(score)
    return scores


def test_without_relations_meaning_and_words_are_added() -> None:
    network = Network(graph((0, 1, EdgeKind.CALLS)), ())
    assert network.scores(MEANING, WORDS) == pytest.approx(MEANING + OF_WORDS * WORDS)
    assert network.scores(None, WORDS) == pytest.approx(WORDS)
    assert (network.num_nodes, network.num_edges) == (4, 1)


@pytest.mark.parametrize("meaning", [MEANING, None])
def test_without_edges_nothing_changes(meaning: npt.NDArray[np.float32] | None) -> None:
    found = Network(graph()).scores(meaning, WORDS)
    assert found.tolist() == Network(graph(), ()).scores(meaning, WORDS).tolist()


def test_a_caller_hears_from_its_callee() -> None:
    found = Network(graph((0, 2, EdgeKind.CALLS)), [CALLEE]).scores(MEANING, WORDS)
    alone = MEANING + OF_WORDS * WORDS
    assert found == pytest.approx(alone + np.array([0.5 * 0.4 + 0.25 * 0.5, 0, 0, 0]))


def test_a_callee_hears_from_its_caller() -> None:
    found = Network(graph((0, 2, EdgeKind.CALLS)), [CALLER]).scores(MEANING, WORDS)
    alone = MEANING + OF_WORDS * WORDS
    assert found == pytest.approx(alone + np.array([0, 0, 0.5 * 0.1 + 0.25 * 1.0, 0]))


def test_a_member_hears_from_its_class_but_not_the_class_from_it() -> None:
    words = np.array([1, 0], np.float32)
    inside = graph((0, 1, EdgeKind.CONTAINS), num_nodes=2)
    heard = Network(inside).scores(np.zeros(2, np.float32), words)
    assert heard[0] == pytest.approx(OF_WORDS) and heard[1] > 0
    heard = Network(inside).scores(np.zeros(2, np.float32), words[::-1])
    assert heard[0] == 0 and heard[1] == pytest.approx(OF_WORDS)


def test_many_neighbours_say_no_more_than_their_mean() -> None:
    edges = [(0, other, EdgeKind.CALLS) for other in (1, 2, 3)]
    found = Network(graph(*edges), [CALLEE]).scores(MEANING, WORDS)
    assert found[0] == pytest.approx(0.1 + OF_WORDS + 0.5 * MEANING[1:].mean() + 0.25 * WORDS[1:].mean())


def test_edges_of_another_kind_are_not_heard() -> None:
    edges = [(0, 1, EdgeKind.USES), (1, 2, EdgeKind.DERIVES), (2, 3, EdgeKind.IMPORTS)]
    assert Network(graph(*edges), BOTH).scores(MEANING, WORDS) == pytest.approx(MEANING + OF_WORDS * WORDS)


@pytest.mark.parametrize("relations", [RELATIONS, BOTH, ()])
@pytest.mark.parametrize("has_meaning", [True, False])
def test_any_graph_gives_what_the_sums_do(relations: Sequence[Relation], has_meaning: bool) -> None:
    random = np.random.default_rng(5)
    for num_nodes in (1, 2, 7, 30):
        pairs = random.integers(num_nodes, size=(60, 2)).tolist()
        kinds = random.integers(len(EdgeKind), size=60).tolist()
        edges = sorted({(a, b, EdgeKind(kind)) for (a, b), kind in zip(pairs, kinds, strict=True) if a != b})
        meaning = random.normal(size=num_nodes).astype(np.float32) if has_meaning else None
        words = random.random(num_nodes).astype(np.float32)
        expected = slow_scores(edges, relations, None if meaning is None else meaning.tolist(), words.tolist())
        found = Network(graph(*edges, num_nodes=num_nodes), relations).scores(meaning, words)
        assert found == pytest.approx(np.array(expected), abs=1e-6)


def test_an_empty_workspace_has_no_scores() -> None:
    nothing = np.zeros(0, np.float32)
    assert Network(graph(num_nodes=0)).scores(nothing, nothing).shape == (0,)


def test_what_was_given_is_left_as_it_is() -> None:
    words, meaning = WORDS.copy(), MEANING.copy()
    network = Network(graph((0, 1, EdgeKind.CALLS)), BOTH)
    first = network.scores(meaning, words).tolist()
    assert network.scores(meaning, words).tolist() == first
    assert words.tolist() == WORDS.tolist() and meaning.tolist() == MEANING.tolist()


def test_what_is_heard_along_each_relation_is_told_unweighted() -> None:
    network = Network(graph((0, 1, EdgeKind.CALLS), (0, 2, EdgeKind.CALLS)), BOTH)
    assert network.heard(WORDS).tolist() == [[0.25, 0, 0, 0], [0, 1, 1, 0]]
    assert Network(graph(), ()).heard(WORDS).shape == (0, 4)
