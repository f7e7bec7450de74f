"""Where an answer ends: the line, or the block."""

from __future__ import annotations

import pytest

from fimble.suggest.scope import Scope, cut, scope_at
from tests.unit.cursor_mark import at_mark


@pytest.mark.parametrize(
    ("marked", "scope"),
    [
        ("total = ‸\n", Scope.LINE),
        ("print(‸)\n", Scope.LINE),
        ("def f(x):‸\n", Scope.BLOCK),
        ("if (x) {‸\n}\n", Scope.BLOCK),
        ("def f(x):\n    ‸\n", Scope.BLOCK),
        ("‸import os\n", Scope.LINE),
        ("‸", Scope.BLOCK),
    ],
)
def test_scope(marked: str, scope: Scope) -> None:
    assert scope_at(at_mark(marked)) is scope


@pytest.mark.parametrize(
    ("marked", "answer", "kept", "complete"),
    [
        ("x = ‸\n", "1 + 2\ny = 3", "1 + 2", True),
        ("x = ‸\n", "1 +", "1 +", False),
        ("def f(x):‸\n", "\n    return x\n\ndef g(", "\n    return x", True),
        ("def f(x):‸\n", "\n  if x:\n    y()\n  z()\n", "\n  if x:\n    y()\n  z()\n", False),
        ("def f(x):\n    ‸\n", "y = x\n    return y\nprint(", "y = x\n    return y", True),
        ("def f(x):\n‸\n", "    y = x\n    return y\nprint(1)", "    y = x\n    return y", True),
        ("if (x) {‸\n", "\n  y();\n}\nz();\n", "\n  y();\n}", True),
        ("if (x) {‸\n", "\n  y();\n}", "\n  y();\n}", False),
        ("class A:‸\n", "\nx = 1\n", "", True),
        ("‸\n", "def a():\n    x()\n\n    y()\n\nprint(a())\n", "def a():\n    x()\n\n    y()", True),
        ("‸\n", "try:\n    a()\n\nexcept E:\n    b()\n", "try:\n    a()\n\nexcept E:\n    b()\n", False),
        ("‸\n", "x = 1\n```\nThis code\n", "x = 1", True),
        ("switch c {‸\n}\n", "\ncase 1:\n\tx()\n}\n", "\ncase 1:\n\tx()\n}", True),
        ("ports:‸\n", "\n- 80\n- 443\nname: x\n", "\n- 80\n- 443", True),
        ("x = ‸\r", "1\r", "1", True),
        ("def f():\n    a = 1\n    ‸\n    return a + b\n", "b = 2\n    return a + b\n", "b = 2", True),
    ],
)  # fmt: skip
def test_cut(marked: str, answer: str, kept: str, complete: bool) -> None:
    cursor = at_mark(marked)
    assert cut(answer, cursor, scope_at(cursor)) == (kept, complete)


def test_a_streamed_answer_is_never_cut_shorter_later() -> None:
    """Once complete, more text changes nothing; before that, nothing is lost."""
    cursor = at_mark("def f(x):‸\n")
    answer = "\n    for i in x:\n        print(i)\n\n    return 1\n\nf(2)\n"
    whole = cut(answer, cursor, Scope.BLOCK)[0]
    for end in range(len(answer)):
        text, complete = cut(answer[:end], cursor, Scope.BLOCK)
        assert text == (whole if complete else answer[:end])


@pytest.mark.parametrize(
    ("marked", "answer", "kept", "complete"),
    [
        ("x = ‸\n", "foo(\n    a,\n    b,\n)\ny = 2\n", "foo(\n    a,\n    b,\n)", True),
        ("x = ‸\n", "foo(\n    a,\n", "foo(\n    a,\n", False),
        ("x = ‸\n", "foo(\n    a,\n)", "foo(\n    a,\n)", False),
        ("x = foo‸\n", "({\n    1: [2],\n})\n", "({\n    1: [2],\n})", True),
        ("x = ‸\r\n", "foo(\r\n    a,\r\n)\r\ny\r\n", "foo(\r\n    a,\r\n)", True),
        ("x = ‸\n", "a + b\nfoo(\n", "a + b", True),
        ("x = foo(‸)\n", "a, [\n    b])\n", "a, [", True),
        ("x = foo(‸\n", "a)\ny\n", "a)", True),
        ("x = foo(‸\n    b)\n", "a,\n    c,\n", "a,", True),
        ("x = (a, ‸\n", "b) + (\n    c)\nd\n", "b) + (", True),
        ("x = ‸\n", "split('(')\ny = 2\n", "split('(')", True),
        ("x = ‸\n", 'join("[{", a)\ny = 2\n', 'join("[{", a)', True),
    ],
    ids=["call", "still open", "last line unended", "nested", "crlf", "nothing opened", "closed behind", "closes",
         "opened before", "as many as it closes", "in a string", "two in a string"],
)  # fmt: skip
def test_the_rest_of_a_line_goes_on_while_a_bracket_that_it_opened_is_open(
    marked: str, answer: str, kept: str, complete: bool
) -> None:
    assert cut(answer, at_mark(marked), Scope.LINE) == (kept, complete)


def test_a_line_whose_bracket_is_never_closed_is_shown_alone() -> None:
    answer = "foo(\n" + "    a,\n" * 40
    assert cut(answer, at_mark("x = ‸\n"), Scope.LINE) == ("foo(", True)


OPEN = "[\n" + "".join(f"    {chr(97 + number) * number},\n" for number in range(1, 20))
"""A list of many lines that runs in no loop and is never closed."""


@pytest.mark.parametrize("answer", ["foo(\n    a,\n    b,\n)\ny = 2\n", OPEN, "a\n(\n", "f(\n)\n)\n"])
def test_an_open_line_is_never_cut_shorter_later_but_to_its_first_line(answer: str) -> None:
    cursor = at_mark("x = ‸\n")
    whole = cut(answer, cursor, Scope.LINE)[0]
    for end in range(len(answer)):
        text, complete = cut(answer[:end], cursor, Scope.LINE)
        assert text == (whole if complete else answer[:end])
