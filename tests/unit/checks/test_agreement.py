"""Translations against their source, by running both with the same arguments."""

from __future__ import annotations

import pytest

from fimble.checks.agreement import can_compare, cases_of, check_agreement

pytestmark = pytest.mark.skipif(not can_compare(), reason="Node is not installed: translations cannot be run")

SOURCE = """from typing import List

def pair_sums(numbers: List[int]) -> List[int]:
    return [a + b for a, b in zip(numbers, numbers[1:])]
"""
RIGHT = "function pairSums(numbers) {\n  return numbers.slice(1).map((each, place) => each + numbers[place]);\n}\n"


def said(source: str, code: str) -> list[str]:
    return [finding.message for finding in check_agreement(code, cases_of(source))]


def test_what_comes_to_the_same_agrees_under_either_name() -> None:
    assert len(cases_of(SOURCE)["pair_sums"]) >= 8
    assert said(SOURCE, RIGHT) == []
    assert said(SOURCE, "export const pair_sums = (n) => n.slice(1).map((x, i) => x + n[i]);\n") == []
    assert said(SOURCE, RIGHT + "\nmodule.exports = { pairSums };\nconsole.log(pairSums([1]));\n") == []


@pytest.mark.parametrize(
    "code",
    [
        RIGHT.replace("+", "-"),
        RIGHT.replace("slice(1)", "slice(0)"),
        RIGHT.replace("numbers.slice", "missing.slice"),
        "function pairSums(numbers) { while (true) {} }",
        "function pairSums(numbers) { throw new Error('no'); }",
        "function pairSums(numbers) { return undefined; }",
        "missing();\nfunction pairSums(numbers) { return []; }",
    ],
)
def test_what_comes_to_something_else_is_told(code: str) -> None:
    (message,) = said(SOURCE, code)
    assert message.startswith("pair_sums(") and "in Python, but" in message


def test_rounding_whole_floats_and_tuples_are_no_difference() -> None:
    assert (
        said("def f(n: int):\n    return (n / 1, None, 0.1 + 0.2, n > 3)\n", "const f = n => [n, null, 0.3, n > 3];")
        == []
    )
    assert said("def f(n: int):\n    return n > 3\n", "const f = n => Number(n > 3);") != []


def test_functions_without_annotations_are_tried_with_several_kinds() -> None:
    assert len(cases_of("def f(text):\n    return text.upper()\n")["f"]) >= 5
    assert len(cases_of("def f(a, b):\n    return a * b\n")["f"]) >= 3


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef f(a): return os.listdir(a)\n",
        "def f(a): return open(a)\n",
        "x = 1\n",
        "def f(:\n",
        "def f(*a): return a\n",
    ],
)
def test_what_must_not_or_cannot_be_run_is_not(source: str) -> None:
    assert cases_of(source) == {}


def test_a_translation_that_reaches_out_is_not_run() -> None:
    for code in ("require('fs');\nconst f = n => 0;", "const f = n => process.exit(1);", "const f = n => eval('1');"):
        assert said("def f(n: int):\n    return n\n", code) == []
