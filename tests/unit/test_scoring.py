"""Exact match, rightness while typing, and paired comparison."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.scoring import edit_similarity, exact_match, is_right, num_matching_characters, paired_difference


@pytest.mark.parametrize(
    ("answer", "expected", "similarity"),
    [("", "", 1.0), ("abc", "abc", 1.0), ("", "abc", 0.0), ("abcd", "abxd", 0.75), ("abc", "xabc", 0.75)],
)
def test_edit_similarity(answer: str, expected: str, similarity: float) -> None:
    assert edit_similarity(answer, expected) == similarity


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_edit_similarity_is_the_same_both_ways_and_full_for_equal_texts_only(one: str, other: str) -> None:
    similarity = edit_similarity(one, other)
    assert 0 <= similarity <= 1
    assert similarity == edit_similarity(other, one)
    assert (similarity == 1) == (one == other)


@pytest.mark.parametrize(
    ("answer", "expected", "same"),
    [
        ("  return x\n", "return x", True),
        ("\n\n    return x\n    pass", "    return x\n", True),
        ("return y", "return x", False),
        ("", "", True),
        ("", "pass", False),
    ],
)
def test_exact_match(answer: str, expected: str, same: bool) -> None:
    assert exact_match(answer, expected) is same


@pytest.mark.parametrize(
    ("suggestion", "line_prefix", "truth", "right"),
    [
        ("rn x", "    retu", "rn x\n    pass", True),
        ("rn x\n    something else", "    retu", "rn x\n    pass", True),
        ("rn y", "    retu", "rn x", False),
        ("1", "x =", " 1", False),
        (" 1  ", "x =", " 1", True),
        ("\nrn x", "    retu", "rn x", False),
        ("\n    pass", "if x:", "\n    pass\n", True),
        ("pass", "if x:", "\n    pass\n", False),
        ("    pass", "", "\n\n    pass", True),
        ("return x", "    ", "return x", True),
        ("\n    return x", "    ", "return x", True),
        ("anything", "done", "", False),
        ("", "    retu", "rn x", False),
        ("\n", "done", "\n\n", False),
    ],
)
def test_a_suggestion_is_right_when_its_first_line_is_what_is_typed_next(
    suggestion: str, line_prefix: str, truth: str, right: bool
) -> None:
    assert is_right(suggestion, line_prefix, truth) is right


@pytest.mark.parametrize(
    ("suggestion", "truth", "num"),
    [
        ("abc", "abc\ndef", 3),
        ("abc\ndef", "abc\ndef\nghi", 7),
        ("abc  \nxyz", "abc\ndef", 3),
        ("ab", "abc", 0),
        ("", "abc", 0),
        ("\n    x", "\n    x", 6),
    ],
)
def test_only_whole_right_lines_save_typing(suggestion: str, truth: str, num: int) -> None:
    assert num_matching_characters(suggestion, truth) == num


@given(st.text(alphabet="ab \n", max_size=30), st.text(alphabet="ab \n", max_size=30))
def test_no_more_is_saved_than_was_to_be_typed(suggestion: str, truth: str) -> None:
    assert 0 <= num_matching_characters(suggestion, truth) <= len(truth)


def test_paired_difference_counts_only_what_differs() -> None:
    first, second = [True] * 6 + [False] * 4, [True] * 3 + [False] * 6 + [True]
    result = paired_difference(first, second)
    assert (result.difference_points, result.num_only_first, result.num_only_second) == (20.0, 3, 1)
    assert result.p_value == pytest.approx(2 * (1 + 4) / 16)
    differences = [a - b for a, b in zip(first, second, strict=True)]
    variance = sum((d - 0.2) ** 2 for d in differences) / 10
    assert result.standard_error_points == pytest.approx(100 * math.sqrt(variance / 10), abs=0.01)


def test_equal_successes_differ_in_nothing() -> None:
    result = paired_difference([True, False], [True, False])
    assert (result.difference_points, result.standard_error_points, result.p_value) == (0.0, 0.0, 1.0)


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="no items"):
        paired_difference([], [])
