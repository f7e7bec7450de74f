"""Implement: what is offered where, what the model is asked, and where its code goes."""

from __future__ import annotations

import pytest

from fimble.checks.finding import fatal
from fimble.features.actions.action import Edit, Offer
from fimble.features.actions.comments import instruction_in
from fimble.features.actions.implement import Implement
from tests.unit.features.actions.pages import at

IMPLEMENT = Implement()


def offers(language: str, marked: str) -> list[Offer]:
    return IMPLEMENT.offers(*at(language, marked))


@pytest.mark.parametrize(
    ("language", "marked", "title"),
    [
        ("python", "def f(a):\n    ‸pass\n", "Implement f"),
        ("python", "d‸ef f(a):\n    '''Add one.'''\n", "Implement f"),
        ("python", "# return the ‸sum of two numbers\n", "Implement this comment"),
        ("python", "# 求和‸\n", "Implement this comment"),
        ("python", "# ab‸\n", ""),
        ("python", "x = 1  # the ‸sum of two numbers\n", ""),
        ("python", "def f(a):\n    ret‸urn a\n", ""),
        ("python", "x‸ = 1\n", ""),
        ("python", "#‸\n", ""),
        ("python", "‸", ""),
        ("javascript", "/**\n * Adds.‸\n */\nfunction f(a) {}\n", "Implement f"),
        ("javascript", "function f(a) {‸}\n", "Implement f"),
        ("go", "package a\n\n// Sort the list‸\n", "Implement this comment"),
    ],
)
def test_what_is_offered(language: str, marked: str, title: str) -> None:
    assert [offer.title for offer in offers(language, marked)] == [title] * bool(title)


def test_a_comment_of_several_lines_is_one_instruction() -> None:
    selection, page = at("python", "x = 1\n\n# Return the sum\n# of two ‸numbers\n#  and no more\ny = 2\n")
    (offer,) = IMPLEMENT.offers(selection, page)
    comment = page.parsed.text[offer.start : offer.end]
    assert instruction_in(comment) == "Return the sum\nof two numbers\nand no more"
    assert instruction_in("/**\n * Adds 两个数字.\n * @param a\n */") == "Adds 两个数字.\n@param a"
    assert instruction_in("-- do it") == "do it"


def test_the_model_is_shown_imports_and_the_class() -> None:
    selection, page = at("python", "import os\n\n\nclass S(list):\n    x = 1\n\n    def f(self):\n        ‸...\n")
    (offer,) = IMPLEMENT.offers(selection, page)
    said = IMPLEMENT.task(offer, page).messages[-1].text
    assert "import os\n" in said and "class S(list):\n    def f(self):\n        ...\n" in said and "x = 1" not in said


def test_code_for_a_comment_goes_below_it_at_its_depth() -> None:
    selection, page = at("python", "class S:\n  x = 1\n  # how many ‸there are\n\ny = S()\n")
    (offer,) = IMPLEMENT.offers(selection, page)
    above, edit = IMPLEMENT.edits(offer, page.parsed, "def count(self):\n    return self.x\n")
    assert above == Edit(17, 17, "\n"), "an empty line before a method"
    assert edit.start == edit.end == page.parsed.text.index("\n\ny")
    assert edit.text == "\n  def count(self):\n    return self.x\n"


def test_code_is_checked_where_it_stands() -> None:
    selection, page = at("python", "import math\nprint(missing)\n\ndef f(a):\n    ‸pass\n")
    (offer,) = IMPLEMENT.offers(selection, page)
    check = IMPLEMENT.task(offer, page).check
    assert check("def f(a):\n    return math.pi + a\n") == ()
    assert [str(found) for found in fatal(check("def f(a):\n    return b\n"))] == [
        "line 5: undefined name 'b' (undefined name)"
    ]
    assert fatal(check("x = 1\n"))


def test_line_ends_are_the_file_s() -> None:
    selection, page = at("python", "import os\r\ndef f(a):\r\n    ‸pass\r\n")
    (offer,) = IMPLEMENT.offers(selection, page)
    (edit,) = IMPLEMENT.edits(offer, page.parsed, "def f(a):\n    b = a\n    return b\n")
    assert edit.text == "\r\n    b = a\r\n    return b"


def test_the_model_is_shown_the_comment_above_a_function() -> None:
    selection, page = at("python", "# Add ‸two.\n@cached\ndef f(a, b):\n    ...\n")
    (offer,) = IMPLEMENT.offers(selection, page)
    assert offer.title == "Implement f"
    assert "# Add two.\n@cached\ndef f(a, b):\n" in IMPLEMENT.task(offer, page).messages[-1].text


def test_a_stub_file_has_nothing_to_implement() -> None:
    assert IMPLEMENT.offers(*at("python", "def f(a): ...‸\n", uri="file:///a.pyi")) == []


def told(language: str, text: str) -> str:
    selection, page = at(language, text)
    (offer,) = IMPLEMENT.offers(selection, page)
    return IMPLEMENT.task(offer, page).messages[-1].text


def test_a_comment_is_shown_with_the_types_and_functions_of_its_file() -> None:
    said = told("typescript", "interface Item { price: number }\n\ntype Id = string;\n\n// the total of all items‸\n")
    assert "```typescript\ninterface Item { price: number }\n\ntype Id = string;\n```" in said
    body = "".join(f"    a += {number}\n" for number in range(90))
    text = f"# all items‸\n\n\nclass Item:\n    pass\n\n\ndef long(a):\n{body}\n\ndef short(a):\n    return a\n"
    said = told("python", text)
    assert "class Item:\n    pass\n\ndef long(a): ...\n\ndef short(a):\n    return a\n```\n\nall items" in said


def test_what_a_comment_names_is_shown_first_where_there_is_much() -> None:
    many = "".join(f"type T{number} struct {{\n\tField{number} int\n}}\n\n" for number in range(99))
    said = told("go", f"package a\n\n{many}// sorts t98 by its field‸\n")
    assert "type T98 struct" in said and "type T1 struct" in said and "type T80 struct" not in said
    assert len(said) < 2000


def test_a_comment_in_a_class_is_shown_with_the_class() -> None:
    text = "class A {\n    private int n;\n\n    // doubles n‸\n\n    void g() {\n    }\n}\n"
    said = told("java", text)
    assert "```java\nclass A {\n    private int n;\n\n    void g() {\n    }\n}\n```" in said
    assert "Add a method to it: doubles n" in said
    said = told("java", text.replace("    void g() {\n", "    void g() {\n" + "        f();\n" * 99))
    assert "```java\nclass A {\n    void g() { /* ... */ }\n}\n```" in said


def test_nothing_of_a_file_that_does_not_parse_is_shown() -> None:
    assert "class B" not in told("python", "class B:\n    x = = 1\n\n\n# doubles n‸\n")
