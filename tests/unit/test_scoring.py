"""Exact match looks at the first line with something in it."""

from __future__ import annotations

import pytest

from fimble.scoring import exact_match


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
