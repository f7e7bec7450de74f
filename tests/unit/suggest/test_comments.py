"""Comments, where they are turned off."""

from __future__ import annotations

import pytest

from fimble.suggest.comments import cut_comments, in_comment
from fimble.text import Reason
from tests.unit.syntax.at import at


@pytest.mark.parametrize(
    ("marked", "language", "expected"),
    [
        ("x = 1  # why‸\n", "python", True),
        ("x = '# why‸'\n", "python", False),
        ("/* a\n‸\n*/\n", "c", True),
        ("# Title‸\n", "markdown", False),
        ("  // so‸\n", "klingon", True),
        ("so // ‸\n", "klingon", False),
    ],
)
def test_in_comment(marked: str, language: str, expected: bool) -> None:
    assert in_comment(at(marked, language)) is expected


@pytest.mark.parametrize(
    ("marked", "answer", "language", "expected"),
    [
        ("‸\n", "x = 1", "python", "x = 1"),
        ("‸\n", "x = 1  # one", "python", "x = 1"),
        ("‸\n", "x = 1\n# one\n# two", "python", "x = 1"),
        ("‸\n", "# one\nx = 1", "python", "# one\nx = 1"),
        ("‸\n", "# one", "python", Reason.IN_COMMENT),
        ("# ‸\n", "one", "python", Reason.IN_COMMENT),
        ("x = ‸\n", "'# one'", "python", "'# one'"),
        ("‸\n", "f(); /* a\n b */", "c", "f();"),
        ("‸\n", "f(); // 😀", "java", "f();"),
        ("‸\n", "x // one", "klingon", "x // one"),
    ],
)
def test_cut_comments(marked: str, answer: str, language: str, expected: str | Reason) -> None:
    assert cut_comments(answer, at(marked, language)) == expected
