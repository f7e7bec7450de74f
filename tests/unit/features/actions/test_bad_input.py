"""Documents and selections as they come: broken, huge, mixed up, or empty."""

from __future__ import annotations

import pytest

from fimble.checks.finding import fatal
from fimble.features.actions.action import Kind, Page, Selection
from fimble.features.actions.actions import offers
from fimble.features.actions.edits import applied
from fimble.features.actions.implement import Implement
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Snapshot
from tests.patience import all_the_time_in_the_world as all_the_time_in_the_world

CODE = "def f(a):\n    b = a\n    return b\n"


def implemented(text: str, place: int, code: str = CODE, name: str = "a.py") -> str:
    """``text`` after Implement at ``place``."""
    snapshot = Snapshot(f"file:///{hash(text)}/{name}", "", 1, text)
    (offer,) = offers(Selection(snapshot, place, place), {Kind.IMPLEMENT})
    parsed = TREES.at(Cursor(snapshot, offer.start))
    assert parsed is not None
    page = Page(parsed, snapshot.uri)
    assert not fatal(Implement().task(offer, page).check(code))
    edits = Implement().done(offer, page, code).edits
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def titles(text: str, start: int, end: int, language: str = "python") -> list[str]:
    snapshot = Snapshot(f"file:///{hash(text)}", language, 1, text)
    return [offer.title for offer in offers(Selection(snapshot, start, end), set(Kind) - {Kind.TRANSLATE})]


def test_an_empty_document_has_no_offers() -> None:
    assert titles("", 0, 0) == titles("", 5, 9) == titles("\n\n", 1, 1) == []


def test_a_selection_across_half_a_token_is_about_what_it_begins_in() -> None:
    text = "def first():\n    return 1\n\n\ndef second():\n    return 2\n"
    assert titles(text, 6, text.index("cond")) == [
        "Document first", "Write tests for first", "Explain the selection",
    ]  # fmt: skip


def test_a_selection_of_everything() -> None:
    text = "import os\n\n\ndef f():\n    return os\n"
    assert titles(text, 0, len(text)) == ["Explain the selection"]
    snapshot = Snapshot("file:///all", "python", 1, text)
    found = offers(Selection(snapshot, 0, len(text)), {Kind.TRANSLATE})
    assert found[0].title == "Translate the file to JavaScript"
    found = offers(Selection(snapshot, 0, 9), {Kind.TRANSLATE})
    assert found[0].title == "Translate to JavaScript"
    found = offers(Selection(snapshot, 3, 3), {Kind.TRANSLATE})
    assert (found[0].title, found[0].start, found[0].end) == ("Translate the file to JavaScript", 0, len(text))
    assert not [offer for offer in offers(Selection(snapshot, 3, 3)) if offer.kind is Kind.TRANSLATE]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (
            "import os\r\nx = 1\ndef f(a):\r\n    pass\r\ny = 2\n",
            "import os\r\nx = 1\ndef f(a):\r\n    b = a\r\n    return b\r\ny = 2\n",
        ),
        ("if 1:\n\tdef f(a):\n\t    pass\n", "if 1:\n\tdef f(a):\n\t    b = a\n\t    return b\n"),
        ("x = '😀'\n\n\ndef f(a):  # 😀😀\n    pass", "x = '😀'\n\n\ndef f(a):  # 😀😀\n    b = a\n    return b"),
        ("x = 1\x0c\n\ndef f(a):\n    pass\n", "x = 1\x0c\n\ndef f(a):\n    b = a\n    return b\n"),
        ("\ufeffdef f(a):\n    pass\n", "\ufeffdef f(a):\n    b = a\n    return b\n"),
    ],
    ids=["mixed line ends", "tabs and spaces", "beyond the first plane", "form feed", "byte order mark"],
)
def test_only_the_place_changes(text: str, after: str) -> None:
    assert implemented(text, text.index("pass")) == after


def test_a_line_that_ends_with_a_carriage_return_alone() -> None:
    """Such a file is one line to most editors; what is offered must not break it."""
    text = "x = 1\rdef f(a):\r    pass\r"
    assert titles(text, text.index("pass"), text.index("pass")) in ([], ["Implement f", "Document f", "Explain f"])


def test_an_import_is_not_put_into_the_middle_of_a_huge_document() -> None:
    filler = "x = 1\n" * 200_000
    text = f"{filler}def f(a):\n    pass\n{filler}"
    assert implemented(text, text.index("pass")) == text.replace("    pass\n", CODE.partition("\n")[2])
    snapshot = Snapshot("file:///huge.py", "python", 1, text)
    (offer,) = offers(Selection(snapshot, text.index("pass"), text.index("pass")), {Kind.IMPLEMENT})
    parsed = TREES.at(Cursor(snapshot, offer.start))
    assert parsed is not None and parsed.start > 0
    found = Implement().task(offer, Page(parsed)).check("import re\n\ndef f(a):\n    return re.escape(a)\n")
    assert [finding.message for finding in fatal(found)] == ["undefined name 're'"]


def test_what_is_broken_elsewhere_is_not_held_against_the_answer() -> None:
    broken = "def g(:\n    x = [\n\n"
    for text in (f"{broken}def f(a):\n    pass\n", f"def f(a):\n    pass\n\n\n{broken}"):
        assert implemented(text, text.index("pass")) == text.replace("    pass\n", CODE.partition("\n")[2])


def test_what_was_broken_is_no_excuse_for_a_broken_answer() -> None:
    text = "def g(:\n    x = [\n\ndef f(a):\n    pass\n"
    snapshot = Snapshot("file:///broken.py", "python", 1, text)
    (offer,) = offers(Selection(snapshot, text.index("pass"), text.index("pass")), {Kind.IMPLEMENT})
    parsed = TREES.at(Cursor(snapshot, offer.start))
    assert parsed is not None
    check = Implement().task(offer, Page(parsed)).check
    for code in ("def f(a):\n    return (a\n", "def f(a):\n    return unheard(a)\n", "def f(a):\n    a b\n"):
        assert fatal(check(code)), code
    assert applied(parsed, ()) == text
