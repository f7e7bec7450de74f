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
