"""Token healing: answers begin with what is required, and are the model's own where they can be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.healing import BeginsWith
from fimble.engine.vocabulary import Vocabulary

PIECES = (b"a", b"b", b"ab", b"ba", b"abb", b"aab", b"", b"bbbb")
VOCABULARY = Vocabulary(dict(enumerate(PIECES)))
REQUIRED = st.text("ab", max_size=7).map(str.encode)
SCORES = st.lists(st.permutations(range(len(PIECES))), min_size=10, max_size=10)


def greedy(scores: list[list[int]], constraint: BeginsWith | None) -> list[int]:
    """Ten tokens, the best allowed of each step."""
    answer: list[int] = []
    for step in scores:
        allowed = None if constraint is None else constraint.allowed(answer)
        among = range(len(PIECES)) if allowed is None else allowed.tolist()
        answer.append(max(among, key=step.__getitem__))
    return answer


@given(REQUIRED, SCORES)
def test_an_answer_begins_with_what_is_required(required: bytes, scores: list[list[int]]) -> None:
    constraint = BeginsWith(VOCABULARY, required)
    answer = greedy(scores, constraint)
    assert VOCABULARY.text_bytes(answer).startswith(required)
    assert constraint.allowed(answer) is None


@given(st.integers(0, 7), SCORES)
def test_an_answer_that_begins_so_by_itself_is_kept(length: int, scores: list[list[int]]) -> None:
    scores = [[-1 if not PIECES[token] else score for token, score in enumerate(step)] for step in scores]
    free = greedy(scores, None)
    assert greedy(scores, BeginsWith(VOCABULARY, VOCABULARY.text_bytes(free)[:length])) == free


@given(REQUIRED, st.lists(st.integers(0, len(PIECES) - 1), max_size=4))
def test_allowed_tokens_are_those_after_which_the_rest_can_be_written(required: bytes, answer: list[int]) -> None:
    written = b"".join(PIECES[token] for token in answer)
    allowed = BeginsWith(VOCABULARY, required).allowed(answer)
    left = required[len(written) :]
    if not left or not required.startswith(written):
        assert allowed is None
    else:
        expected = [
            token for token, piece in enumerate(PIECES) if piece and (piece.startswith(left) or left.startswith(piece))
        ]
        assert allowed is not None
        assert allowed.dtype == np.int64
        assert allowed.tolist() == expected


def test_bytes_that_no_token_writes_leave_the_model_free() -> None:
    assert BeginsWith(VOCABULARY, b"xyz").allowed([]) is None
    assert BeginsWith(VOCABULARY, b"").allowed([]) is None
