"""Weights of the graph convolution, learned back from answers that were drawn with known ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from fimble.bench import graphfit
from fimble.bench.graphfit import Lesson, Weights, learn, lessons, loss, ranks, softmax
from fimble.bench.search import Wanted
from fimble.errors import IndexUnavailable
from fimble.index.chunks import cut
from fimble.index.indexer import Encoding, Indexer
from fimble.index.network import OF_WORDS, RELATIONS
from fimble.index.store import Store
from fimble.privacy import Privacy

KNOWN = Weights(OF_WORDS, (0.05, 0.1, 0.0, -0.05, 0.2), 15.0)


@pytest.fixture(scope="module")
def drawn() -> list[Lesson]:
    """Of each table one row is the answer, as likely as the known weights say."""
    random = np.random.default_rng(7)
    found = []
    for _ in range(4000):
        table = np.column_stack([random.normal(0.3, 0.15, 20), random.random((20, 6))])
        right = random.choice(20, p=softmax(KNOWN.scale * (table @ KNOWN.vector())))
        found.append(Lesson(np.vstack([table[right], np.delete(table, right, axis=0)])))
    return found


@pytest.mark.parametrize("of_words", [OF_WORDS, None])
def test_what_the_answers_were_drawn_with_is_learned(drawn: Sequence[Lesson], of_words: float | None) -> None:
    found = learn(drawn, of_words)
    assert found.vector() == pytest.approx(KNOWN.vector(), abs=0.02)
    assert found.scale == pytest.approx(KNOWN.scale, rel=0.1)
    assert (found.of_words == OF_WORDS) == (of_words is not None)


def test_no_other_weights_have_a_smaller_loss(drawn: Sequence[Lesson]) -> None:
    found = learn(drawn, ridge=0.0)
    for number in range(len(RELATIONS)):
        for change in (-0.01, 0.01):
            along = tuple(one + change * (place == number) for place, one in enumerate(found.along))
            assert loss(drawn, Weights(found.of_words, along, found.scale)) > loss(drawn, found)


def test_a_relation_of_which_nothing_is_heard_is_worth_nothing() -> None:
    table = np.zeros((2, 2 + len(RELATIONS)))
    table[0, :3] = 0.5, 1.0, 1.0
    found = learn([Lesson(table), Lesson(table[::-1])] * 3)
    assert all(np.isfinite(found.along)) and found.along[1:] == (0.0,) * (len(RELATIONS) - 1)


def test_damped_weights_keep_what_words_are_worth() -> None:
    assert KNOWN.damped(0.5) == Weights(OF_WORDS, (0.025, 0.05, 0.0, -0.025, 0.1), 15.0)


def test_what_scores_alike_counts_as_better() -> None:
    table = np.zeros((3, 2 + len(RELATIONS)))
    table[:, 0] = 0.5, 0.5, 0.4
    assert ranks([Lesson(table), Lesson(table[[1, 2, 0]])], KNOWN) == [2, 2]
    assert ranks([Lesson(table[[2, 0, 1]])], KNOWN) == [3]


def embed(text: str) -> npt.NDArray[np.float32]:
    vector = np.array([1.0, "send" in text, "parse" in text], np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def test_lessons_are_taken_from_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphfit, "NUM_CANDIDATES", 2)
    root = (tmp_path / "work").resolve()
    root.mkdir()
    (root / "a.py").write_text("from b import send\n\n\ndef handler():\n    return send(1)\n")
    (root / "b.py").write_text("def send(parcel):\n    return parcel\n\n\ndef parse(text):\n    return text\n")
    store = Store.open(tmp_path / "index")
    encoding = Encoding(lambda texts: np.stack([embed(text) for text in texts]).astype(np.float16), "test")
    indexer = Indexer(root, store, Privacy((), [root]), cut, encoding)
    wanted = [Wanted("what takes a parcel", "a.py", "handler"), Wanted("text", "b.py", "nowhere")]
    list(indexer.words())
    with pytest.raises(IndexUnavailable, match="not whole"):
        lessons(tmp_path / "index", wanted, embed)
    list(indexer.meaning())
    (lesson,) = lessons(tmp_path / "index", wanted, embed)
    of_handler, *others = lesson.features.tolist()
    names = [f"{one.kind.name} {one.is_forward}" for one in RELATIONS]
    assert of_handler[1] == 0 and of_handler[2 + names.index("CALLS True")] == 1, "it calls what matches best"
    assert [row[1] for row in others if row[1]] == [1.0], "what matches is a candidate"
    assert 2 <= len(others) + 1 <= 3
