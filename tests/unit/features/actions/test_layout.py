"""Depths, steps and line ends of generated code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.features.actions.layout import indentation_at, laid_out, line_break_of, step_of

CODE = "def f(a):\n    if a:\n        return 1\n    return g(a,\n             1)\n"


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (CODE, "    "),
        ("a {\n  b {\n    c\n  }\n}\n", "  "),
        ("a {\n\tb {\n\t\tc\n\t}\n}\n", "\t"),
        ("a\n", "    "),
        ("", "    "),
        ("x = f(1,\n      2)\n", "      "),
    ],
)
def test_a_step_of_indentation_is_told_from_the_text(text: str, step: str) -> None:
    assert step_of(text) == step


def test_code_goes_to_the_depth_of_its_place() -> None:
    assert laid_out(CODE, "  ", "  ") == "  def f(a):\n    if a:\n      return 1\n    return g(a,\n" + " " * 9 + "1)"
    assert laid_out(CODE, "\t", "\t").split("\n")[2] == "\t\t\treturn 1"
    assert laid_out("    return 1\n", "        ", "    ") == "        return 1"
    assert laid_out("\n\nx\n\n\n", "", "    ") == "x"
    assert laid_out("if a:\r\n\treturn 1\r\n", "", "    ") == "if a:\n    return 1"


def test_where_a_line_is_indented() -> None:
    assert indentation_at("a\n  \tb", 5) == "  \t"
    assert indentation_at("", 0) == ""
    assert (line_break_of("a\r\nb\n"), line_break_of("a\nb\r\n"), line_break_of("a")) == ("\r\n", "\n", "\n")


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.sampled_from(["", "  ", "    ", "\t"]))
def test_laying_out_where_it_stands_changes_nothing(depths: list[int], indentation: str) -> None:
    """Blocks of whole steps, laid out twice as once."""
    code = "\n".join("    " * depth + "x" for depth in [0, 1, *depths])
    once = laid_out(code, indentation, "    ")
    assert [line.strip() for line in once.split("\n")] == ["x"] * (len(depths) + 2)
    if "\t" not in indentation:
        assert laid_out(once, indentation, "    ") == once
