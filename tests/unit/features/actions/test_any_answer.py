"""Whatever a model writes: it is refused, or nothing changes but the place that was asked about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.checks.finding import fatal
from fimble.features.actions.action import Action, Page, Problem, Selection
from fimble.features.actions.actions import offers
from fimble.features.actions.conventions import CONVENTIONS
from fimble.features.actions.document import Document
from fimble.features.actions.edits import applied
from fimble.features.actions.explain import Explain
from fimble.features.actions.fix import Fix
from fimble.features.actions.implement import Implement
from fimble.features.actions.tests import WriteTests
from fimble.features.actions.translate import Translate
from fimble.syntax.code import is_same_code
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Snapshot
from tests.patience import all_the_time_in_the_world as all_the_time_in_the_world
from tests.unit.features.actions.pages import at

_ALL: tuple[Action, ...] = (Implement(), Document(), Fix(), Explain(), Translate(), WriteTests())
ACTIONS = {action.kind: action for action in _ALL}
FILES = {
    "python": (
        "import os\n\n\nclass A:\n    def one(self):\n        return '''1\n2'''\n\n",
        "    def two(self, a):\n        ‸pass\n",
        "\n    def three(self):\n        return os.name\n\n\ndef four():\n    return 4\n",
        "    def two(self, a):\n        if a:\n            return 'x'\n        return [a,\n                1]\n",
    ),
    "javascript": (
        "class A {\n  one() {\n    return `1\n2`;\n  }\n\n",
        "  two(a) {\n    ‸\n  }\n",
        "\n  three() { return 3; }\n}\n\nfunction four() { return 4; }\n",
        "  two(a) {\n    if (a) {\n      return 'x';\n    }\n    return [a];\n  }\n",
    ),
    "go": (
        "package a\n\nfunc one() int { return 1 }\n\n",
        "func two(a int) int {\n\t‸\n}\n",
        "\nfunc three() int { return 3 }\n",
        "func two(a int) int {\n\tif a > 0 {\n\t\treturn 1\n\t}\n\treturn a\n}\n",
    ),
    "ruby": (
        "class A\n  def one\n    1\n  end\n\n",
        "  def two(a)\n    ‸\n  end\n",
        "\n  def three\n    3\n  end\nend\n",
        "  def two(a)\n    if a\n      return 1\n    end\n    a\n  end\n",
    ),
}
"""Language -> what stands before, the place, what stands behind, and a good answer."""
_WORDS = (
    'class A:|return a|{|}|end|"""|\'|`|(|)|#|//|/*|*/|import re|pass|:|;|two(a)|```|é|😀|@a|$|<<E|=begin|print(1)'
    "|if x:|else:|def two(self, a):|def one(self): return 2|func two(a int) int {|function two(a) {"
)
PIECES = st.sampled_from([*_WORDS.split("|"), "\n", "    ", "\t", "\r", "\r\n", "\\", "\x0c", "\u2028"])


@st.composite
def answers(draw: st.DrawFn, good: str) -> str:
    """Pieces of code at random, or a good answer with some of it gone and pieces put in."""
    if draw(st.booleans()):
        return "".join(draw(st.lists(PIECES, max_size=20)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(good)))
        end = draw(st.integers(start, min(len(good), start + 12)))
        good = good[:start] + "".join(draw(st.lists(PIECES, max_size=2))) + good[end:]
    return good


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("what", ["a function", "a comment"])
@settings(max_examples=400)
@given(data=st.data())
def test_an_implementation_changes_no_other_function(language: str, what: str, data: st.DataObject) -> None:
    before, place, behind, good = FILES[language]
    mark = "#" if language in ("python", "ruby") else "//"
    depth = place[: len(place) - len(place.lstrip())]
    marked = before + (place if what == "a function" else f"{depth}{mark} do ‸something\n") + behind
    selection, page = at(language, marked, uri="file:///any")
    (offer,) = Implement().offers(selection, page)
    code = data.draw(answers(good))
    if fatal(Implement().task(offer, page).check(code)):
        return
    after = applied(page.parsed, Implement().done(offer, page, code).edits)
    head, _, _ = before.rpartition("\n\n")
    assert head.split("\n\n")[-1] in after, "the function before it"
    assert after.endswith(behind.rstrip("\n").rpartition("\n\n")[2] + "\n"), "the function behind it"
    for line in page.parsed.text.split("\n"):
        assert line.strip() in ("pass", "") or line in after


@pytest.mark.parametrize("language", sorted(CONVENTIONS))
@settings(max_examples=40)
@given(text=st.lists(PIECES, min_size=1, max_size=20).map("".join))
def test_documentation_changes_no_code(language: str, text: str) -> None:
    functions = {
        "python": "class A:\n    def f(a):\n        return‸ a\n",
        "go": "package a\n\nfunc f(a int) int { return ‸a }\n",
        "rust": "impl A {\n    #[inline]\n    fn f(a: i32) -> i32 { ‸a }\n}\n",
        "ruby": "class A\n  def f(a)\n    ‸a\n  end\nend\n",
        "bash": "f() {\n  echo‸ a\n}\n",
        "lua": "function f(a)\n  return ‸a\nend\n",
        "swift": "struct A {\n    func f(a: Int) -> Int { return ‸a }\n}\n",
        "kotlin": "class A {\n    fun f(a: Int): Int { return ‸a }\n}\n",
        "scala": "class A {\n  def f(a: Int): Int = { ‸a }\n}\n",
        "php": "<?php\nclass A {\n    function f($a) { return ‸$a; }\n}\n",
        "c": "int f(int a) { return ‸a; }\n",
        "cpp": "int f(int a) { return ‸a; }\n",
    }
    marked = functions.get(language, "class A {\n  f() { return ‸1; }\n}\n")
    marked = marked.replace("  f() {", "  int f() {") if language in ("java", "csharp") else marked
    selection, page = at(language, marked, uri="file:///any")
    (offer,) = Document().offers(selection, page)
    if fatal(Document().task(offer, page).check(text)):
        return
    after = applied(page.parsed, Document().done(offer, page, text).edits)
    assert is_same_code(page.parsed.text, after, language)
    assert all(line in after.split("\n") for line in page.parsed.text.split("\n"))


@settings(max_examples=400)
@given(data=st.data())
def test_a_fix_changes_nothing_outside_of_its_function(data: st.DataObject) -> None:
    before, _, behind, good = FILES["python"]
    wrong = good.replace("'x'", "missing")
    text = before + wrong + behind
    start = text.index("missing")
    problem = Problem(start, start + 7, "undefined name 'missing'")
    selection, page = at("python", text[:start] + "‸" + text[start:], (problem,), uri="file:///any")
    (offer,) = Fix().offers(selection, page)
    code = data.draw(answers(good))
    if fatal(Fix().task(offer, page).check(code)):
        return
    after = applied(page.parsed, Fix().done(offer, page, code).edits)
    assert before.partition("\n")[2].strip() in after and after.endswith(behind)


@given(
    language=st.sampled_from(
        ["python", "javascript", "go", "rust", "ruby", "php", "sql", "html", "json", "lua", "none"]
    ),
    text=st.lists(PIECES, max_size=25).map("".join),
    start=st.integers(0, 80),
    length=st.integers(0, 80),
)
def test_offers_come_for_any_selection_of_any_text(language: str, text: str, start: int, length: int) -> None:
    """Past the end, across half a token, in what does not parse; and each can be asked for, and answered."""
    snapshot = Snapshot(f"file:///any-{language}", language, 1, text)
    problem = Problem(start, start + length, "something is 'wrong'")
    selection = Selection(snapshot, start, start + length, (problem,))
    for offer in offers(selection):
        assert offer.title and len(offer.title) < 100
        assert 0 <= offer.start <= offer.end <= len(text)
        parsed = TREES.at(Cursor(snapshot, offer.start))
        assert parsed is not None
        page = Page(parsed, snapshot.uri)
        task = ACTIONS[offer.kind].task(offer, page)
        for code in ("", "x", "def f():\n    return 1\n"):
            if not fatal(task.check(code)):
                ACTIONS[offer.kind].done(offer, page, code)
