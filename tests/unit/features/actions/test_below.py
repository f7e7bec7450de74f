"""Code below a comment: what was asked for, and nothing that stands there already."""

from __future__ import annotations

import pytest

from fimble.features.actions.edits import applied
from fimble.features.actions.implement import Implement
from tests.unit.features.actions.pages import at


def implemented(language: str, marked: str, code: str) -> str:
    selection, page = at(language, marked)
    (offer,) = Implement().offers(selection, page)
    assert offer.title == "Implement this comment"
    return applied(page.parsed, Implement().edits(offer, page.parsed, code))


@pytest.mark.parametrize(
    ("language", "marked", "code", "expected"),
    [
        pytest.param(
            "python",
            "def f(x):\n    y = x\n    # no ‸negative ones\n    return y\n",
            "def f(x):\n    y = x\n    # no negative ones\n    if x < 0:\n        raise ValueError\n    return y\n",
            "def f(x):\n    y = x\n    # no negative ones\n    if x < 0:\n        raise ValueError\n    return y\n",
            id="the function around it is repeated",
        ),
        pytest.param(
            "c",
            "int main(void) {\n    int x = 1;\n    // print ‸x\n    return 0;\n}\n",
            '#include <stdio.h>\n\nint main() {\n    int x = 1;\n    printf("%d", x);\n    return 0;\n}\n',
            "#include <stdio.h>\n\nint main(void) {\n    int x = 1;\n    // print x\n"
            '    printf("%d", x);\n    return 0;\n}\n',
            id="a program for statements",
        ),
        pytest.param(
            "java",
            "class A {\n    private int n;\n    // getter for ‸n\n}\n",
            "class A {\n    private int n;\n    // getter for n\n    int getN() {\n        return n;\n    }\n}\n",
            "class A {\n    private int n;\n\n    // getter for n\n    int getN() {\n        return n;\n    }\n}\n",
            id="a field that is there",
        ),
        pytest.param(
            "python",
            "class A:\n    x = 1\n\n    # a class method ‸make\n",
            "class A:\n    x = 1\n    made = 0\n\n    @classmethod\n    def make(cls):\n        cls.made += 1\n",
            "class A:\n    x = 1\n\n    # a class method make\n    made = 0\n\n    @classmethod\n    def make(cls):\n"
            "        cls.made += 1\n",
            id="a field that the method needs",
        ),
        pytest.param(
            "python",
            "def a():\n    return 1\n\n\n# b calls ‸a\n",
            "def a():\n    return 1\n\ndef b():\n    return a()\n",
            "def a():\n    return 1\n\n\n# b calls a\ndef b():\n    return a()\n",
            id="a function that is there",
        ),
        pytest.param(
            "python",
            "# write tests ‸for add\n",
            "def test_add():\n    assert add(1, 2) == 3\n",
            "# write tests for add\ndef test_add():\n    assert add(1, 2) == 3\n",
            id="tests that are asked for",
        ),
        pytest.param(
            "python",
            "class A:\n    pass\n    # a class ‸B inside\n",
            "class B:\n    x = 1\n",
            "class A:\n    pass\n\n    # a class B inside\n    class B:\n        x = 1\n",
            id="a class that is asked for",
        ),
        pytest.param(
            "typescript",
            "class A {\n  // twice ‸x\n  x = 1;\n}\n",
            "const TWO = 2;\n\nclass A {\n  x = 1;\n  twice() {\n    return this.x * TWO;\n  }\n}\n",
            "const TWO = 2;\nclass A {\n  // twice x\n  twice() {\n    return this.x * TWO;\n  }\n\n  x = 1;\n}\n",
            id="a constant outside of the class",
        ),
    ],
)
def test_what_goes_below_a_comment(language: str, marked: str, code: str, expected: str) -> None:
    assert implemented(language, marked, code) == expected


@pytest.mark.parametrize("code", ["", "\n", "# add the numbers\n"])
def test_an_answer_that_says_nothing_new_is_none(code: str) -> None:
    selection, page = at("python", "# add the‸ numbers\n")
    (offer,) = Implement().offers(selection, page)
    assert Implement().edits(offer, page.parsed, code) == ()


ACCOUNT = "class Account:\n    def __init__(self):\n        self.balance = 0\n\n    # %s‸\n"
DEPOSIT = "    def deposit(self, amount):\n        self.balance += amount\n"
WITHDRAW = "    def withdraw(self, amount):\n        self.balance -= amount\n"
INIT = "    def __init__(self):\n        self.balance = 0\n\n"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("deposit an amount", ["deposit"]),
        ("take an amount out: withdraw", ["withdraw"]),
        ("deposit and withdraw", ["deposit", "withdraw"]),
        ("存款deposit和取款withdraw", ["deposit", "withdraw"]),
        ("methods that change the balance", ["deposit", "withdraw"]),
        ("两个方法", ["deposit", "withdraw"]),
        ("存款", ["deposit"]),
    ],
)
def test_of_several_functions_only_what_was_asked_for_is_kept(said: str, kept: list[str]) -> None:
    after = implemented("python", ACCOUNT % said, f"class Account:\n{INIT}{DEPOSIT}\n{WITHDRAW}")
    assert [name for name in ("deposit", "withdraw") if f"def {name}(" in after] == kept


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        (
            "def is_prime(n):\n    return n > 1\n\ndef primes_to(n):\n    return is_prime(n)\n",
            ["is_prime", "primes_to"],
        ),
        ("def primes_to(n):\n    return n\n\ndef show(n):\n    print(primes_to(n))\n", ["primes_to"]),
        (
            "def one(n):\n    return two(n)\n\ndef two(n):\n    return n\n\ndef three(n):\n    return n\n",
            ["one", "two"],
        ),
    ],
)
def test_what_the_function_needs_is_kept_too(code: str, kept: list[str]) -> None:
    after = implemented("python", "# all primes up to n‸\n", code)
    assert [line.split("(")[0].removeprefix("def ") for line in after.split("\n") if line.startswith("def ")] == kept


def test_a_constructor_comes_only_where_it_is_asked_for() -> None:
    code = "class A {\n    A(int size) {}\n    int pop() { return 1; }\n}\n"
    assert "A(int" not in implemented("java", "class A {\n    // the first item‸\n}\n", code)
    assert "A(int" in implemented("java", "class A {\n    // constructor with a size‸\n}\n", code)
