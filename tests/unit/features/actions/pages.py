"""A document with a cursor ``‸`` or a selection between two of them, as actions see it."""

from __future__ import annotations

from fimble.features.actions.action import Page, Problem, Selection
from fimble.syntax.languages import find
from fimble.syntax.parsed import parse
from fimble.text import Snapshot


def at(
    language: str, marked: str, problems: tuple[Problem, ...] = (), uri: str = "file:///a", project_tests: str = ""
) -> tuple[Selection, Page]:
    """The selection, and the page that it is in."""
    start = marked.index("‸")
    text = marked.replace("‸", "")
    end = marked.rindex("‸") - (marked.count("‸") - 1)
    known = find(language, "")
    assert known is not None
    parsed = parse(known, text, text.encode(), 1000)
    assert parsed is not None
    return Selection(Snapshot(uri, language, 1, text), start, end, problems), Page(parsed, uri, project_tests)
