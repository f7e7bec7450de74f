"""Holes for tuning: reproducible, and nothing lost."""

from __future__ import annotations

import pytest

from fimble.bench.spans import Kind, spans
from fimble.errors import ConfigError
from tests.unit.bench.texts import TEXT, files

KINDS: tuple[Kind, ...] = ("line", "column1", "rest", "newline", "block")


@pytest.mark.parametrize("kind", KINDS)
def test_the_parts_make_the_file_again(kind: Kind) -> None:
    for span in spans(files(), 12, 7, kind):
        assert span.prefix + span.expected + span.suffix == TEXT
        assert span.expected.strip() and span.suffix.startswith("\n")
        assert span.cursor.prefix == span.prefix and span.cursor.suffix == span.suffix
        assert "Return the first" not in span.expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_names_the_holes(kind: Kind) -> None:
    assert spans(files(), 8, 7, kind) == spans(files(), 8, 7, kind)
    assert spans(files(), 8, 7, kind) != spans(files(), 8, 8, kind)


def test_where_the_cursor_stands() -> None:
    def line_before(prefix: str) -> str:
        return prefix.rpartition("\n")[2]

    assert all(line_before(s.prefix).strip() == "" and s.expected[0] != " " for s in spans(files(), 12, 1, "line"))
    assert all(line_before(s.prefix) == "" and "\n" not in s.expected for s in spans(files(), 12, 1, "column1"))
    assert all(line_before(s.prefix).strip() for s in spans(files(), 12, 1, "rest"))
    assert all(s.expected[0] == "\n" and s.expected.count("\n") == 1 for s in spans(files(), 12, 1, "newline"))
    assert all(s.prefix.rstrip().endswith(":") and "\n" in s.expected for s in spans(files(), 6, 1, "block"))


def test_a_small_corpus_says_so() -> None:
    with pytest.raises(ConfigError, match="room for"):
        spans(files(1), 10_000, 1, "line")
