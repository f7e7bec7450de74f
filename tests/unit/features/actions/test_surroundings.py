"""What the model is shown of a function and its file, and how its answer begins."""

from __future__ import annotations

import pytest

from fimble.features.actions.neighbours import MAX_FILE_CHARS
from fimble.features.actions.surroundings import as_begun, as_written, opening_of
from fimble.syntax.outline import Definition, enclosing
from fimble.syntax.parsed import Parsed
from tests.unit.features.actions.pages import at


def found(language: str, marked: str) -> tuple[Parsed, Definition]:
    selection, page = at(language, marked)
    return page.parsed, enclosing(page.parsed, selection.start)[0]


@pytest.mark.parametrize(
    ("language", "marked", "opening"),
    [
        ("python", "import os\n\ndef f(a):\n    '''Say.'''\n    ‸pass\n", "def f(a):\n    '''Say.'''\n"),
        ("python", "def f(a):\n    # add one\n    ‸...\n", "def f(a):\n    # add one\n"),
        ("python", "class S(list):\n\tx = 1\n\n\tdef f(self): ‸pass\n", "class S(list):\n    def f(self):\n"),
        ("javascript", "function f(a) {‸}\n", "function f(a) {\n"),
        (
            "python",
            "class S:\n\tx = 1\n\n\tdef f(self):\n\t\t'''Say.'''\n\t\t‸pass\n",
            "class S:\n    def f(self):\n        '''Say.'''\n",
        ),
        (
            "java",
            "class A {\n  int f(int a) {\n    // add one\n  ‸}\n}\n",
            "class A {\n    int f(int a) {\n        // add one\n",
        ),
        ("ruby", "def f(a)‸\nend\n", "def f(a)\n"),
    ],
)
def test_an_answer_begins_with_what_is_there(language: str, marked: str, opening: str) -> None:
    assert opening_of(*found(language, marked)) == opening


def test_a_short_file_is_shown_as_it_is() -> None:
    text = "import os\n\nLIMIT = 3\n\ndef helper(a):\n    return a\n\n# sums\ndef f(a):\n    ‸pass\n\ny = 1\n"
    shown = as_begun(*found("python", text))
    assert (
        shown.startswith("import os\n\nLIMIT = 3\n\ndef helper(a):\n    return a\n")
        and shown.count("# sums\ndef f(a)") == 1
    )
    assert shown.count("# sums") == 1, "the comment is shown where it stands, and nowhere else"
    assert "y = 1" not in shown


def test_of_a_long_file_what_the_function_names_is_shown() -> None:
    filling = "".join(f"def unused_{number}():\n    return {number}\n\n" for number in range(MAX_FILE_CHARS // 20))
    text = f"import os\n\ndef helper(a):\n    return a\n\n{filling}def f(a):\n    '''With helper.'''\n    ‸pass\n"
    shown = as_begun(*found("python", text))
    assert shown.startswith("import os\n\ndef helper(a):\n    return a\n\ndef f(a):\n") and "unused" not in shown


def test_a_method_is_shown_with_its_constructor_and_the_others_signatures() -> None:
    text = "class S:\n    def g(self, x):\n        return x\n\n    def __init__(self):\n        self.a = 1\n\n"
    text += "    def f(self):\n        ‸pass\n"
    shown = as_begun(*found("python", text))
    assert shown.startswith("class S:\n    def __init__(self):\n        self.a = 1\n\n    def g(self, x): ...\n")
    assert "return x" not in shown and "def f(self):" in shown
    text = "class S {\n  constructor() { this.a = 1; }\n  g(x) { return x + x + x; }\n  f() {‸}\n}\n"
    shown = as_begun(*found("javascript", text))
    assert "this.a = 1" in shown and "g(x) { /* ... */ }" in shown and shown.endswith("}\n}")


def test_what_is_written_is_shown_whole_in_its_class() -> None:
    shown = as_written(*found("python", "class S:\n    def f(self):\n        return ‸1\n"))
    assert shown == "class S:\n    def f(self):\n        return 1"
