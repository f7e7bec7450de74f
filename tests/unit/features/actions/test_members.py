"""Members that a class does not have."""

from __future__ import annotations

import pytest

from fimble.checks.finding import fatal
from fimble.features.actions.implement import Implement
from fimble.features.actions.tests import WriteTests
from tests.unit.features.actions.pages import at

EMPTY = "class A:\n    def f(self):\n        ‸pass\n"


@pytest.mark.parametrize(
    ("language", "marked", "code", "said"),
    [
        ("python", EMPTY, "def f(self):\n    return self.words\n", "self.words"),
        ("python", EMPTY, "def f(self):\n    self.a = 1\n    return self.a\n", ""),
        ("python", EMPTY.replace("A", "A(B)"), "def f(self):\n    return self.words\n", ""),
        ("python", "B = int\n" + EMPTY.replace("A", "A(B)"), "def f(self):\n    return self.real\n", ""),
        ("python", "class A():\n    a: int\n    # double a‸\n", "def g(self):\n    return self.a * self.b\n", "self.b"),
        ("python", EMPTY, "def f(self):\n    return self.__class__\n", ""),
        ("python", EMPTY,
         "class A:\n    def g(self):\n        return 1\n    def f(self):\n        return self.g()\n", ""),
        ("javascript", "class A {\n  f() {‸}\n}\n", "f() {\n  return this.isEmpty();\n}\n", "this.isEmpty"),
        ("javascript", "class A extends B {\n  f() {‸}\n}\n", "f() {\n  return this.isEmpty();\n}\n", ""),
        ("javascript", "class A {\n  #n = 1;\n  f() {‸}\n}\n", "f() {\n  return this.#n;\n}\n", ""),
        ("javascript", "class A {\n  f() {‸}\n}\n",
         "class A {\n  g(a) {\n    return a;\n  }\n  f() {\n    return this.g(1);\n  }\n}\n", ""),
    ],
)  # fmt: skip
def test_a_member_that_nothing_defines_is_told(language: str, marked: str, code: str, said: str) -> None:
    selection, page = at(language, marked)
    (offer,) = Implement().offers(selection, page)
    found = [finding.message for finding in fatal(Implement().task(offer, page).check(code))]
    assert found == ([f"undefined name '{said}'"] if said else [])


STACK = """class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        "Put an item on top; a stack is never full."
        ‸self.items.append(item)
"""


@pytest.mark.parametrize(
    ("text", "use", "said"),
    [
        (STACK, "    stack = Stack()\n    stack.push(1)\n    assert stack.items == [1]\n", ""),
        (STACK, "    stack = Stack()\n    stack.push(1)\n    assert stack.peek() == 1\n", "peek"),
        (STACK, "    stack = Stack()\n    stack.push(1)\n    assert not stack.full()\n", "full"),
        (STACK, "    other.a = Stack()\n    other.a.push(1)\n    assert other.a.peek() == 1\n", "peek"),
        (STACK, "    Stack().push(1)\n    assert Stack().size == 0\n", "size"),
        (STACK, "    other.push(1)\n    assert other.peek() == 1\n", ""),
        (STACK.replace("Stack:", "Stack(list):"), "    a = Stack()\n    a.push(1)\n    assert a.peek() == 1\n", ""),
        (STACK, "    pass\n\n\ndef made():\n    return Stack()\n\n\ndef test_b(made):\n    made.push(1)\n"
                "    assert made.peek() == 1\n", "peek"),
    ],
)  # fmt: skip
def test_tests_use_no_member_that_the_class_does_not_have(text: str, use: str, said: str) -> None:
    selection, page = at("python", text)
    (offer,) = WriteTests().offers(selection, page)
    found = WriteTests().task(offer, page).check(f"from a import Stack, other\n\n\ndef test_push():\n{use}")
    assert [finding.message for finding in fatal(found)] == ([f"Stack has no member '{said}'"] if said else [])


def test_nobody_is_told_that_tests_pass() -> None:
    selection, page = at("python", STACK)
    (offer,) = WriteTests().offers(selection, page)
    found = WriteTests().task(offer, page).check("def test_push():\n    a.push(1)\n    assert True\n")
    assert "nothing has run these tests" in [finding.message for finding in found]
