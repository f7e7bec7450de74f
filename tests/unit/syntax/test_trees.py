"""What is kept of documents, and what is parsed of large ones."""

from __future__ import annotations

import pytest

from fimble.syntax import trees
from fimble.syntax.trees import Trees
from fimble.text import Cursor, Snapshot
from tests.unit.syntax.at import at


def test_the_same_text_is_parsed_once() -> None:
    kept = Trees()
    cursor = at("x = ‸\n", "python")
    with_one = kept.at(cursor, "1")
    typed = at("x = 1‸\n", "python")
    assert kept.at(typed) is with_one
    kept.forget(cursor.snapshot.uri)
    assert kept.at(typed) is not with_one


def test_an_unknown_language_has_no_tree() -> None:
    assert Trees().at(at("x‸", "klingon")) is None


def test_another_language_for_the_same_document() -> None:
    kept = Trees()
    as_python, as_c = kept.at(at("x‸", "python")), kept.at(at("x‸", "c"))
    assert as_python is not None and as_c is not None
    assert (as_python.language.name, as_c.language.name) == ("python", "c")


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("é = 1  # ü\n" * 60_000, 400_003),
        ("x=1;" * 300_000, 600_001),
        ("x=1;" * 300_000, 0),
        ("x=1;" * 300_000, 1_200_000),
        ("x = 1\r\n" * 200_000, 700_000),
    ],
)
def test_a_large_text_is_parsed_around_the_cursor(text: str, offset: int) -> None:
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, text), offset)
    parsed = Trees().at(cursor, "y=😀")
    assert parsed is not None
    assert len(parsed.text) < 40_000
    assert parsed.start <= offset
    at_cursor = offset - parsed.start
    assert parsed.text == text[parsed.start : offset] + "y=😀" + text[offset : parsed.start + len(parsed.text) - 3]
    assert parsed.text[at_cursor : at_cursor + 3] == "y=😀"
    assert parsed.offset_at(parsed.byte_at(offset)) == offset


def test_a_text_that_takes_too_long_is_parsed_around_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = at("x = 1\n" * 20_000 + "‸\n" + "y = 2\n" * 20_000, "python")
    monkeypatch.setattr(trees, "BUDGET_MS", 2.0)
    kept = Trees()
    kept.at(cursor)
    monkeypatch.setattr(trees, "BUDGET_MS", 1000.0)
    parsed = kept.at(cursor)
    assert parsed is not None and len(parsed.text) < 40_000
