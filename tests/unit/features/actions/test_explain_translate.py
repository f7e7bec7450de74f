"""Explain and Translate: what is asked, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.checks.finding import fatal
from fimble.errors import ConfigError
from fimble.features.actions.action import Offer
from fimble.features.actions.explain import Explain
from fimble.features.actions.translate import Translate, target
from tests.unit.features.actions.pages import at


def test_the_lines_are_shown_with_their_numbers() -> None:
    selection, page = at("python", "import os\n\n‸def f(a):\n    return a‸\n")
    (offer,) = Explain().offers(selection, page)
    said = Explain().task(offer, page).messages[0].text
    assert "3: def f(a):\n4:     return a\n" in said and "import" not in said
    done = Explain().done(offer, page, "Line 3: f")
    assert done.markdown == "### Lines 3 to 4\n\nLine 3: f\n"


def test_a_method_is_explained_as_one_of_its_class() -> None:
    """Without its name, a model makes one up."""
    for text, is_told in (
        ("class Cart:\n    def f(self):\n        ‸return 1‸\n", True),
        ("‸class Cart:\n    x = 1‸\n", False),
    ):
        selection, page = at("python", text)
        (offer,) = Explain().offers(selection, page)
        said = Explain().task(offer, page).messages[0].text
        assert ("code of the class Cart does" in said) == is_told


def test_lines_that_are_left_out_are_told() -> None:
    selection, page = at("python", "‸" + "x = 1\r\n" * 300 + "\r\n\r\n‸")
    (offer,) = Explain().offers(selection, page)
    said = Explain().task(offer, page).messages[0].text
    assert "\n120: x = 1\n" in said and "121:" not in said and "\r" not in said
    markdown = Explain().done(offer, page, "Line 1: x").markdown
    assert markdown.startswith("### Lines 1 to 120\n") and "Lines 121 to 300 are left out" in markdown
    selection, page = at("python", "y = 2\n‸x = 1‸\n")
    (offer,) = Explain().offers(selection, page)
    assert Explain().done(offer, page, "Line 2: x").markdown == "### Line 2\n\nLine 2: x\n"


@pytest.mark.parametrize(
    ("answer", "is_sound"),
    [
        ("Line 3: it begins.", True),
        ("Lines 3-4 do it.", True),
        ("第 4 行", True),
        ("Line 1: x", False),
        ("第 3-9 行", False),
        ("Lines 3, 99 do it.", False),
        ("Lines 3 and 4 do it.", True),
        ("第 3、9 行", False),
        ("", False),
    ],
)
def test_an_explanation_of_lines_that_are_not_there_is_refused(answer: str, is_sound: bool) -> None:
    selection, page = at("python", "import os\n\n‸def f(a):\n    return a‸\n")
    (offer,) = Explain().offers(selection, page)
    assert bool(fatal(Explain().task(offer, page).check(answer))) == (not is_sound)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("- Line 3: it gives `return a`.", "- Line 4: it gives `return a`."),
        ("- Line 3: `def f(a)` begins.", "- Line 3: `def f(a)` begins."),
        ("- Line 3: `a` is given.", "- Line 3: `a` is given."),
        ("- Line 3: `nothing` of it.", "- `nothing` of it."),
        ("- Line 9: the end.", "- The end."),
        ("1. Lines 3 to 9: returns what `a` is.", "1. Lines 3 to 9: returns what `a` is."),
        ("- Line 3: `def f(a)` begins.\n- Line 4: `def f(a)` begins.", "- Line 3: `def f(a)` begins."),
        ("It is `a`, on line 3.", "It is `a`, on line 3."),
        ("- Line 3-4: `return a`.", "- Line 3-4: `return a`."),
        ("- **Line 3**: `return a`.", "- Line 4: `return a`."),
    ],
)
def test_a_point_is_named_after_the_line_that_it_quotes(answer: str, wanted: str) -> None:
    selection, page = at("python", "import os\n\n‸def f(a):\n    return a‸\n")
    (offer,) = Explain().offers(selection, page)
    assert Explain().task(offer, page).cut(answer) == wanted


def test_lines_of_a_large_document_are_counted_from_its_beginning() -> None:
    selection, page = at("python", "‸x = 1‸\n")
    (offer,) = Explain().offers(selection, page)
    page = replace(page, lines_before=20_000)
    assert "20001: x = 1" in Explain().task(offer, page).messages[0].text
    assert Explain().done(offer, page, "x").markdown.startswith("### Line 20001\n")


def test_a_translation_is_checked_in_its_own_language_and_stands_apart() -> None:
    selection, page = at("python", "‸def f(a):\n    return a + 1‸\n", uri="file:///src/my%20tool.py")
    offers = Translate().offers(selection, page)
    assert [offer.argument for offer in offers] == ["javascript", "typescript", "java", "go", "rust"]
    offer = offers[0]
    task = Translate().task(offer, page)
    assert "Python" in task.messages[-1].text and "JavaScript" in task.messages[-1].text
    assert fatal(task.check("function f(a {")) and fatal(task.check(" "))
    assert task.check("function f(a) { return a + 1; }\n") == ()
    done = Translate().done(offer, page, "x\n")
    assert done.document is not None and done.edits == ()
    assert (done.document.name, done.document.language) == ("my tool.js", "javascript")


def test_a_language_is_found_by_either_name_and_an_unknown_one_is_refused() -> None:
    assert target("C++").name == "cpp" and target(" typescript ").name == "typescript"
    with pytest.raises(ConfigError, match="Klingon"):
        target("Klingon")
    _, page = at("python", "‸x = 1‸\n")
    with pytest.raises(ConfigError):
        Translate().task(Offer(Translate.kind, "", 0, 5, "json"), page)


@pytest.mark.parametrize(
    ("marked", "meant"),
    [
        ("def ad‸d(a, b):\n    ret‸urn a + b\nx = 1\n", "def add(a, b):\n    return a + b"),
        ("‸def f():\n    return 1\n‸x = 1\n", "def f():\n    return 1\n"),
        ("x = tot‸al + n‸umber * 2\n", "total + number"),
        ("x = ‸total‸ * 2\n", "total"),
    ],
)
def test_half_a_selection_is_translated_whole(marked: str, meant: str) -> None:
    selection, page = at("python", marked)
    offer = Translate().offers(selection, page)[0]
    assert page.parsed.text[offer.start : offer.end] == meant


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("python", "x = 1\n‸def f(:\n    pass\n‸", [2]),
        ("python", "x = = 1\n‸def f():\n    pass\n‸", []),
        ("java", "class A {\n‸    int f() { return 1; }\n‸}\n", []),
        ("java", "class A {\n‸    int f() {\n        return 1 +;\n    }\n‸}\n", [3]),
    ],
)
def test_a_source_that_does_not_parse_is_warned_of(language: str, text: str, lines: list[int]) -> None:
    selection, page = at(language, text)
    offer = next(offer for offer in Translate().offers(selection, page) if offer.argument == "go")
    found = Translate().task(offer, page).check("package a\n\nfunc f() {}\n")
    assert [finding.line for finding in found] == lines
    assert fatal(found) == ()


def test_what_an_explanation_has_wrong_is_told_with_its_own_line() -> None:
    selection, page = at("python", "‸x = 1\ny = 2\n‸")
    (offer,) = Explain().offers(selection, page)
    (found,) = Explain().task(offer, page).check("- Line 1: one.\n- Line 9: nine.")
    assert (found.line, found.message) == (2, "it speaks of line 9, which is not there")
