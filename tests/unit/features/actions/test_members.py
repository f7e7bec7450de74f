"""Members that a class does not have."""

from __future__ import annotations

import pytest

from fimble.checks.finding import fatal
from fimble.features.actions.implement import Implement
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
