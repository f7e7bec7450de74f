"""Suggestions that would break the file, in every language."""

from __future__ import annotations

import pytest

from fimble.suggest.parse import cut_breaking_lines
from fimble.text import Reason
from tests.unit.syntax.at import at
from tests.unit.syntax.samples import SAMPLES


@pytest.mark.parametrize("language", SAMPLES)
def test_every_language(language: str) -> None:
    marked, fits, breaks = SAMPLES[language]
    cursor = at(marked, "typescriptreact" if language == "tsx" else language)
    assert cut_breaking_lines(fits, cursor) == fits
    assert cut_breaking_lines(breaks, cursor) is Reason.BREAKS_SYNTAX


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("def f():\n    ‸\n", "a = 1\n    b = (2\n    c = 3", "a = 1"),
        ("def f():‸\n", "\n    a = 1\n    b = 2]", "\n    a = 1"),
        ("‸\n", "def f():", "def f():"),
        ("‸\n", "x = [", Reason.BREAKS_SYNTAX),
        ("‸\n", "x = [\n    1,\n    2", Reason.BREAKS_SYNTAX),
        ("x = ‸\n", "[1, 2]", "[1, 2]"),
        ("foo(‸\n", "a, b", "a, b"),
        ("foo(‸\n", "a, b)", "a, b)"),
        ("foo(a‸)\n", ", b = (", Reason.BREAKS_SYNTAX),
        ("def f(‸\n    return 1\n", "x):", "x):"),
        ("‸\n", "return return", Reason.BREAKS_SYNTAX),
        ("x = 'é😀‸'\n", "ü", "ü"),
        ("x = '😀‸'\n", "' y '", Reason.BREAKS_SYNTAX),
        ("if x:\n    a()\n‸\n", "else:\n    b()", "else:\n    b()"),
        ("a = 1\n‸\n", "else:\n    b()", Reason.BREAKS_SYNTAX),
    ],
)
def test_python(marked: str, answer: str, expected: str | Reason) -> None:
    assert cut_breaking_lines(answer, at(marked, "python")) == expected


def test_an_unknown_language_is_not_judged() -> None:
    assert cut_breaking_lines("((((", at("‸", "klingon")) == "(((("
