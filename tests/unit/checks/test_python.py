"""Python is checked without running it."""

from __future__ import annotations

import pytest

from fimble.checks.check import check, check_change
from fimble.checks.finding import Finding, Kind, new_ones
from fimble.checks.imports import with_imports
from fimble.checks.python import check_python
from fimble.syntax.languages import find

PYTHON = find("python", "")


def kinds(text: str) -> list[tuple[Kind, int]]:
    return [(found.kind, found.line) for found in check_python(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(a):\n    return a\n", []),
        ("def f(:\n", [(Kind.SYNTAX, 1)]),
        ("return 1\n", [(Kind.SYNTAX, 1)]),
        ("x = 1\x00\n", [(Kind.SYNTAX, 1)]),
        ("(" * 5000, [(Kind.SYNTAX, 1)]),
        ("def f():\n    return y\n", [(Kind.NAME, 2)]),
        ("def f():\n    print(x)\n    x = 1\n", [(Kind.NAME, 2)]),
        ("from os import *\nprint(path)\n", []),
        ("def f(a, b=1): ...\nf(1)\nf(1, 2)\nf(a=1)\nf(*[1, 2, 3])\nf(**{})\n", []),
        ("def f(a, b=1): ...\nf()\nf(1, 2, 3)\nf(1, c=2)\n", [(Kind.CALL, 2), (Kind.CALL, 3), (Kind.CALL, 4)]),
        ("def f(a, *, b): ...\nf(1, b=2)\nf(1)\n", [(Kind.CALL, 3)]),
        ("def f(*a, **b): ...\nf()\nf(1, 2, c=3)\n", []),
        ("class A:\n    def f(self, x): ...\nA().f(1)\nA().f()\nA(1)\n", [(Kind.CALL, 4), (Kind.CALL, 5)]),
        ("import math\nmath.sqrt(2)\nmath.sqrt()\n", [(Kind.CALL, 3)]),
        ("len([1])\nlen()\nmax(1, 2)\nrange(3)\nsorted([1], key=len, reverse=True)\nprint()\n", [(Kind.CALL, 2)]),
        ("é = 'ü' + str(1)\nlen('é', 'ü')\n", [(Kind.CALL, 2)]),
        ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    y: int = 0\nP(1)\nP(1, 2)\n", []),
        ("def f(x):\n    return x(1, 2, 3)\n", []),
        ("(lambda a: a)(1)\n", []),
    ],
)
def test_what_would_fail_is_found_and_nothing_else(text: str, expected: list[tuple[Kind, int]]) -> None:
    assert kinds(text) == expected


def test_insecure_patterns_are_warnings() -> None:
    found = check("import subprocess\n\ndef f(c):\n    return subprocess.run(c, shell=True)\n", PYTHON)
    assert [one.kind for one in found] == [Kind.SECURITY] and found[0].line == 4
    assert not found[0].kind.is_fatal
    assert check("import random\n\ndef f():\n    assert random.random() < 2\n", PYTHON) == ()


def test_a_change_is_not_blamed_for_what_was_wrong_before() -> None:
    before = "print(missing)\n\n\ndef f():\n    pass\n"
    assert check_change(before, before.replace("pass", "return 1"), PYTHON) == ()
    (found,) = check_change(before, before.replace("pass", "return other"), PYTHON)
    assert (found.kind, found.line) == (Kind.NAME, 5)
    (again,) = check_change(before, before.replace("pass", "return missing"), PYTHON)
    assert again.kind is Kind.NAME


def test_the_same_finding_twice_is_one_more() -> None:
    one = Finding(Kind.NAME, 1, "undefined name 'x'")
    assert new_ones([one, Finding(Kind.NAME, 9, one.message)], [one]) == (Finding(Kind.NAME, 9, one.message),)
    assert new_ones([], [one]) == ()


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("def f(x: List[int]):\n    return math.sqrt(x[0])\n", "from typing import List\nimport math\n\n"),
        ("def f():\n    return defaultdict(int)\n", "from collections import defaultdict\n\n"),
        ("import math\nprint(math.pi)\n", ""),
        ("print(np.zeros(3))\n", ""),
        ("def f(:\n", ""),
        ("print(random)\n", ""),
    ],
)
def test_imports_of_the_standard_library_are_put_in(text: str, head: str) -> None:
    assert with_imports(text) == head + text
