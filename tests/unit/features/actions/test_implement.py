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
