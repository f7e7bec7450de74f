"""Texts for people."""

from __future__ import annotations

import pytest

from fimble.index.chunks import cut
from fimble.index.records import Kind


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "README.md",
            "intro\n\n# Use\nsay\n\n## Deep\nmore\n```\n# no heading\n```\n\nOld style\n---------\nx\n\n# Last #\ny\n",
            [
                ("README", 0, 1, None), ("Use", 2, 4, None), ("Use > Deep", 5, 10, 1),
                ("Use > Old style", 11, 14, 1), ("Last", 15, 17, None),
            ],
        ),
        (
            "docs/a.rst",
            "=====\nTitle\n=====\n\nsay\n\nPart\n----\n\nmore\n\nOther\n-----\nx\n",
            [("Title", 0, 5, None), ("Title > Part", 6, 10, 0), ("Title > Other", 11, 14, 0)],
        ),
        ("notes.txt", "one\ntwo\n\nthree\n", [("notes", 0, 4, None)]),
        ("LICENSE", "text\n", [("LICENSE", 0, 1, None)]),
        ("a.md", "# Empty\n\n# Full\nx\n", [("Full", 2, 4, None)]),
    ],
)  # fmt: skip
def test_sections_of_prose(path: str, text: str, expected: list[tuple[str, int, int, int | None]]) -> None:
    chunks = cut(path, None, text).chunks
    assert [(one.qualified, one.start_line, one.end_line, one.parent) for one in chunks] == expected
    assert all(one.kind is Kind.SECTION for one in chunks)


def test_a_long_section_is_cut_at_empty_lines() -> None:
    chunks = cut("a.md", None, "# A\n" + ("word\n" * 29 + "\n") * 5).chunks
    assert [(one.start_line, one.end_line) for one in chunks] == [(0, 60), (61, 120), (121, 150)]
    assert {one.name for one in chunks} == {"A"}


def test_unknown_text_is_cut_into_lines() -> None:
    chunks = cut("a/b.unknown", None, ("line\n" * 39 + "\n") * 3).chunks
    assert [(one.kind, one.name, one.start_line, one.end_line) for one in chunks] == [
        (Kind.LINES, "b", 0, 39), (Kind.LINES, "b", 40, 79), (Kind.LINES, "b", 80, 119)
    ]  # fmt: skip
