"""The report says what was decided, escapes what it shows, and refers to nothing outside itself."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest

from fimble.training.examples_shown import Group, pick
from fimble.training.report import Facts, Section, render, sections_of
from fimble.training.verdict import decide
from tests.unit.training.judged import hole, losses, scored

PATHS = [f"{number}.py" for number in range(20)]
KEPT = decide((losses([1.0] * 20, 5), losses([0.8] * 20, 9), PATHS), (losses([1.0] * 20), losses([1.0] * 20), PATHS))
REJECTED = decide((losses([1.0] * 20), losses([1.1] * 20), PATHS), (losses([1.0] * 20), losses([1.5] * 20), PATHS))
EVIL = "</pre><script>alert(1)</script><img src=http://evil.example/x>"


def facts(**changes: object) -> Facts:
    given = Facts(
        name="my repo",
        model="tiny",
        created="2026-01-02T03:04:05+00:00",
        verdict=KEPT,
        remove_command="fimble models remove-adapter 0123",
    )
    return replace(given, **changes)  # type: ignore[arg-type]


class Tags(HTMLParser):
    """The names of a page's elements; complains where they are not closed as they were opened."""

    EMPTY = frozenset(("meta", "line", "circle", "br", "rect", "path", "use"))

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self._open.pop() == tag


def test_the_verdict_and_its_reasons_stand_on_top() -> None:
    page = render(facts(notes=("A note.",)))
    assert page.index("Kept:") < page.index("A note.") < page.index("Before and after")
    assert escape(KEPT.reasons[0]) in page and "fimble models remove-adapter 0123" in page
    page = render(facts(verdict=REJECTED))
    assert "Rolled back:" in page and "nothing of it to remove" in page and "remove-adapter" not in page
    assert all(escape(reason) in page for reason in REJECTED.reasons)


def test_the_table_says_what_is_better_and_what_may_be_chance() -> None:
    page = render(facts(figures_shown={"HumanEval-Infilling": REJECTED.general}))
    text = re.sub(r"\s+", " ", page)
    assert '25.0 %</td><td class="number">45.0 %</td> <td class="number better">+20.0 %' in text
    assert '1.000</td><td class="number">0.800</td> <td class="number better">-0.200' in text
    assert "HumanEval-Infilling (measured for comparison" in page and 'class="number worse">+0.500' in text
    assert "+0.000</td>" in text


def test_what_comes_from_a_repository_is_escaped() -> None:
    item = hole(EVIL, prefix=EVIL, suffix=EVIL, path=EVIL)
    shown = pick([item], [scored(answer=EVIL)], [scored(0.5, True, EVIL + "2")])
    page = render(facts(name=EVIL, examples=shown, card={EVIL: {EVIL: EVIL}}, settings={EVIL: EVIL}, notes=(EVIL,)))
    tags = Tags(page)
    assert not {"script", "img"} & set(tags.names)
    assert "alert(1)" in page


def test_it_refers_to_nothing_outside() -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/svg11.dtd">'
        '<svg xmlns="http://www.w3.org/2000/svg"><metadata><a href="https://matplotlib.org/"/></metadata>'
        '<path style="fill: #ffffff; stroke: #000000"/></svg>'
    )
    page = render(facts(curves=svg))
    assert '<path style="fill: none; stroke: currentColor"/>' in page
    assert "matplotlib" not in page and "DOCTYPE svg" not in page
    assert re.findall(r"https?://[^\"'<> ]+", page) == ["http://www.w3.org/2000/svg"]
    assert "@import" not in page and "url(" not in page and "<link" not in page and "<script" not in page


def test_losses_that_are_no_numbers_are_shown_in_words() -> None:
    broken = decide((losses([1.0] * 20), losses([math.nan] * 20), PATHS), (losses([1.0]), losses([math.inf]), ["a"]))
    page = render(facts(verdict=broken))
    assert "no number" in page and "nan" not in page
    Tags(page)


def test_a_file_name_that_is_no_text_is_shown_somehow() -> None:
    render(facts(name="caf\udce9")).encode()


def test_what_is_nested_gets_a_table_of_its_own() -> None:
    card = {"num_files": 1234, "licences": {"MIT": 3, "by": {"x": None}}, "languages": ["a", "b"], "left": {}}
    assert sections_of(card) == [
        Section("", (), (("files", ("1\u202f234",)), ("languages", ("a, b",)), ("left", ("none",)))),
        Section("licences", (), (("MIT", ("3",)),)),
        Section("licences · by", (), (("x", ("none",)),)),
    ]


def test_what_has_the_same_names_stands_side_by_side() -> None:
    card = {"examples": {"train": {"fim": 3, "edit": 1}, "test": {"fim": 2, "edit": 0}}}
    rows = (("holes", ("3", "2")), ("edit", ("1", "0")))
    assert sections_of(card) == [Section("examples", ("train", "held out"), rows)]
    page = render(facts(card=card))
    assert '<th class="number">held out</th>' in page and '<td class="value">3</td>' in page


def test_the_examples_that_changed_most_are_shown() -> None:
    items = [hole(f"return {number}", path=f"{number}.py") for number in range(9)]
    before = [
        scored(2.0),
        scored(2.0),
        scored(1.0, True),
        scored(3.0),
        *[scored(1.0, answer=f"x{n}") for n in range(5)],
    ]
    after = [
        scored(1.5, True),
        scored(0.5, True),
        scored(1.0),
        scored(3.0),
        *[scored(1.0 + n / 10, answer=f"y{n}") for n in range(5)],
    ]
    shown = pick(items, before, after, num_each=2)
    assert [(one.group, one.path) for one in shown] == [
        (Group.GAINED, "1.py"),
        (Group.GAINED, "0.py"),
        (Group.LOST, "2.py"),
        (Group.CHANGED, "8.py"),
        (Group.CHANGED, "7.py"),
    ]


@pytest.mark.parametrize("length", [10, 5000])
def test_long_lines_are_cut_where_they_are_shown(length: int) -> None:
    item = hole(prefix="x" * length, suffix="y" * length)
    (shown,) = pick([item], [scored()], [scored(0.5, True)])
    assert len(shown.prefix) <= 161 and len(shown.suffix) <= 161
    assert shown.prefix.endswith("x") and shown.suffix.startswith("y")
