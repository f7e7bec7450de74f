"""Closing brackets that close nothing."""

from __future__ import annotations

import pytest

from fimble.suggest.closers import cut_surplus_closers
from fimble.text import Reason
from tests.unit.syntax.at import at


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("foo(a‸)\n", "b)", "b"),
        ("foo(a‸\n", "b)", "b)"),
        ("foo(bar(‸)\n", "x)", "x)"),
        ("foo(bar(‸)\n", "x))", "x)"),
        ("foo(bar(‸))\n", "x))", "x"),
        ("x = (‸)\n", "a) + (b", "a) + (b"),
        ("x = ‸\n", "}", Reason.BREAKS_SYNTAX),
        ("x = ‸\n", "':)' + foo(a)", "':)' + foo(a)"),
        ("x = ‸\n", "foo(a)  # :)", "foo(a)  # :)"),
        ("def f():\n    x = [\n        1,\n        ‸\n    ]\n", "2,\n    ]\n    return x", "2,"),
        ("x = foo(‸\n\ndef g():\n    return bar(2)\n", "a, b)", "a, b)"),
        ("x = foo(\n‸\ny = 2\n", "    a)\n)", "    a)"),
        ("é = '😀'; foo(‸)\n", "ü)", "ü"),
    ],
)
def test_python(marked: str, answer: str, expected: str | Reason) -> None:
    assert cut_surplus_closers(answer, at(marked, "python")) == expected


@pytest.mark.parametrize(
    ("marked", "answer", "language", "expected"),
    [
        ("function f() {\n  ‸\n}\n", "g();\n}", "javascript", "g();"),
        ("function f() {\n  if (x) {\n    ‸\n}\n", "g();\n  }", "javascript", "g();\n  }"),
        ("function f() {\n  if (x) {\n    ‸\n  }\n}\n", "g();\n  } else {\n    h();", "javascript", None),
        ("let s = `${f(‸)}`;\n", "a)", "javascript", "a"),
        ("case $x in\n  ‸\nesac\n", "a) echo 1 ;;", "bash", None),
        ('let s = "\\(‸)"\n', "a + b", "swift", None),
        ("fn f(‸)\n", "a)", "klingon", "a"),
        ("fn f(‸\n", "a)", "klingon", None),
        (": ‸\n", "smile :)", "markdown", None),
    ],
)
def test_other_languages(marked: str, answer: str, language: str, expected: str | None) -> None:
    assert cut_surplus_closers(answer, at(marked, language)) == (answer if expected is None else expected)
