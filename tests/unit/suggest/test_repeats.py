"""Loops, the line above again, and the lines below again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.suggest.loops import cut_loops, loop_start
from fimble.suggest.repetition import drop_repeated_definition, drop_repeated_prefix
from fimble.suggest.suffix import cut_line_overlap, cut_next_lines
from fimble.text import Reason
from tests.unit.cursor_mark import at_mark


def slow_loop_start(text: str) -> int | None:
    """The loop at the end of a text of up to 800 characters, as a regular expression says it."""
    tail = re.sub("[0-9]", "0", text.rstrip())
    found = re.search(r"(?s)(.{2,80}?)\1{3,}$", tail)
    if found is None or len(found.group()) < 40 or len(set(found.group(1))) == 1:
        return None
    return found.start()


@given(
    st.text("ab 1", max_size=12),
    st.text("ab\n2", min_size=1, max_size=30),
    st.integers(0, 20),
    st.text("ab", max_size=3),
)
def test_loops_against_a_slow_twin(before: str, unit: str, rounds: int, after: str) -> None:
    text = before + unit * rounds + after
    assert loop_start(text) == slow_loop_start(text)


def test_a_loop_may_end_in_what_is_left_of_another() -> None:
    text = "ab, cd, " * 8 + "\n" + "print('again')\n" * 5
    kept = cut_loops(text, at_mark("‸"))
    assert isinstance(kept, Reason) or loop_start(kept) is None


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("total = compute(a)\n‸\n", "total = compute(a)\ny = total", Reason.REPEATS_PREFIX),
        ("total = compute(a)\n‸\n", "total = compute(b)", "total = compute(b)"),
        ("    pass\n‸\n", "    pass", "    pass"),
        ("‸\n", "x = compute(a)", "x = compute(a)"),
    ],
)
def test_the_line_above(marked: str, answer: str, expected: str | Reason) -> None:
    assert drop_repeated_prefix(answer, at_mark(marked)) == expected


LOOP = "def describe(numbers):\n    for number in numbers:\n        ‸\n"


@pytest.mark.parametrize(
    ("marked", "answer", "is_kept"),
    [
        (LOOP, "def describe(people):\n    print(people)", False),
        (LOOP, "    def describe(numbers):\n        print(numbers)", False),
        (LOOP.replace("‸", "async ‸"), "def describe(people):\n    print(people)", False),
        (LOOP, "def tell(number):\n    print(number)", True),
        (LOOP, "describe(number)", True),
        ("def describe(numbers):\n    pass\n\n\n‸", "def describe(people):\n    pass", True),
        ("class A:\n    def f(self):\n        pass\n\n    ‸", "def f(self, x):\n        pass", True),
        ("class A:\n    def f(self):\n        pass\n\n    ‸", "class A:\n        pass", False),
        ("export function f(a) {\n\t‸\n}\n", "function f(a) {\n\t\treturn a;\n\t}", False),
        ("pub fn f(a: u8) -> u8 {\n    ‸\n}\n", "pub fn f(a: u8) -> u8 {\n    a\n}", False),
        ("def f(\n    a,\n) -> int:\n    ‸\n", "def f(a):\n    pass", False),
        ("def run(self):\n    class Worker(Thread):\n        ‸\n", "def run(self):\n    pass", True),
        ("fn fmt(&self) {\n    impl Display for W {\n        ‸\n    }\n}\n", "fn fmt(&self) {}", True),
        ("def run(self):\n    def run(self, ‸\n", "a):", True),
        ("def run(self):\n    def r‸\n", "un(self):", False),
        ("def self.included(base)\n  ‸\nend\n", "def self.find\n  end", True),
        ("function M.setup()\n  ‸\nend\n", "function M.toggle()\n  end", True),
        ("export default class extends A {\n  ‸\n}\n", "return class extends B {\n  }", True),
        ("‸", "def f():\n    pass", True),
        (LOOP, "", True),
    ],
)
def test_a_definition_within_itself(marked: str, answer: str, is_kept: bool) -> None:
    found = drop_repeated_definition(answer, at_mark(marked))
    assert found == (answer if is_kept else Reason.REPEATS_PREFIX)


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("f(\n    ‸\n    name='a value',\n)\n", 'name="a value"', Reason.REPEATS_SUFFIX),
        ("f(\n    ‸\n    name='a value',\n)\n", 'x=1,\n    name = "a value"', "x=1,"),
        ("‸\nself.mount('http://', a)\n", "self.mount('https://', a)", "self.mount('https://', a)"),
        ("‸\nx, y\n", "x; y", "x; y"),
    ],
)
def test_the_lines_below(marked: str, answer: str, expected: str | Reason) -> None:
    assert cut_next_lines(answer, at_mark(marked)) == expected


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("result = ‸ bar_baz\n", "x + bar", "x + bar"),
        ("f(‸)\n", "a))", "a"),
        ("f(‸)\n", "))", Reason.REPEATS_SUFFIX),
    ],
)
def test_the_rest_of_the_line(marked: str, answer: str, expected: str | Reason) -> None:
    assert cut_line_overlap(answer, at_mark(marked)) == expected
