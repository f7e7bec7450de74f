"""A long run's findings survive it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.bench.journal import Journal
from fimble.errors import DocumentError

HEADING = {"bench": "x", "seed": 1}


def test_what_was_found_is_known_to_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    Journal(file, HEADING).add("a", {"passed": True})
    journal = Journal(file, HEADING)
    assert journal.get("a") == {"passed": True} and journal.get("b") is None
    journal.add("b", {"passed": False})
    assert Journal(file, HEADING).get("b") == {"passed": False}


def test_a_line_that_was_interrupted_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    Journal(file, HEADING).add("a", {"passed": True})
    with file.open("a", encoding="utf-8") as torn:
        torn.write('{"key": "b", "pas')
    journal = Journal(file, HEADING)
    assert journal.get("a") and journal.get("b") is None
    journal.add("b", {"passed": False})
    assert Journal(file, HEADING).get("b") == {"passed": False}


@pytest.mark.parametrize("text", ['{"bench": "y"}\n', "no JSON\n", '{"bench": "x", "seed": 1}\n{"passed": 1}\n'])
def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as error:
        Journal(file, HEADING)
    assert error.value.hint
    assert file.read_text(encoding="utf-8") == text


def test_without_a_file_it_is_a_memory() -> None:
    journal = Journal(None, HEADING)
    journal.add("a", {"passed": True})
    assert journal.get("a") == {"passed": True}
