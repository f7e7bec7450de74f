"""The range that changed, whatever the size of the text."""

from __future__ import annotations

import pytest

from fimble.context.difference import BLOCK_CHARS, Difference, difference


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("abc", "abc", None),
        ("", "", None),
        ("", "x", Difference(0, 0, 1)),
        ("x", "", Difference(0, 1, 0)),
        ("abc", "abXc", Difference(2, 2, 3)),
        ("abc", "ac", Difference(1, 2, 1)),
        ("aaa", "aaaa", Difference(3, 3, 4)),
        ("one two", "one 2", Difference(4, 7, 5)),
        ("日本語", "日木語", Difference(1, 2, 2)),
    ],
)
def test_smallest_range(before: str, after: str, expected: Difference | None) -> None:
    assert difference(before, after) == expected


@pytest.mark.parametrize("at", [0, 1, BLOCK_CHARS - 1, BLOCK_CHARS, BLOCK_CHARS + 1, 3 * BLOCK_CHARS])
def test_across_blocks(at: int) -> None:
    before = "x" * at + "old" + "y" * (2 * BLOCK_CHARS + 7)
    after = "x" * at + "n" + "y" * (2 * BLOCK_CHARS + 7)
    assert difference(before, after) == Difference(at, at + 3, at + 1)


def test_a_known_start_changes_nothing() -> None:
    assert difference("abcdef", "abXdef", start=1) == difference("abcdef", "abXdef") == Difference(2, 3, 3)
