"""A suggestion breaks a file when it adds an ERROR or MISSING node."""

from __future__ import annotations

import pytest

from fimble.bench.grammars import _GRAMMARS, breaks


@pytest.mark.parametrize(
    ("text", "suggestion", "broken"),
    [
        ("x = ‸\n", "1", False),
        ("x = 1‸\n", ")", True),
        ("print(1‸\n", ")", False),
        ("def f():\n    ‸\n", "return 1", False),
        ("x = 1\n‸\n", "def g(:\n    pass", True),
    ],
)
def test_python(text: str, suggestion: str, broken: bool) -> None:
    cursor = text.index("‸")
    assert breaks("python", text.replace("‸", ""), cursor, suggestion) is broken


@pytest.mark.parametrize("language", sorted(_GRAMMARS))
def test_every_grammar_loads(language: str) -> None:
    assert breaks(language, "", 0, "") is False


def test_a_language_without_a_grammar_is_never_broken() -> None:
    assert breaks("cobol", "", 0, ")))") is False
