"""Infilling: how answers are put into programs, matched and run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from fimble.bench.fill import (
    CursorPlace,
    Filled,
    Item,
    difference,
    fill_plainly,
    fill_with_pipeline,
    passes,
    read_items,
    run,
)
from fimble.engine.base import CancelToken
from fimble.errors import DocumentError
from fimble.text import Cursor, Outcome, Reason, Suggestion

PREFIX = "def double(x):\n    y = x\n"
SUFFIX = "    return y\n"
TEST = "def check(f):\n    assert f(2) == 4\n"
ITEM = Item("Line/0", PREFIX, SUFFIX, "    y = 2 * x\n", TEST, "double")
SPAN = Item("Span/0", "def double(x):\n    ret", "\n", "urn 2 * x", TEST, "double")


class Says:
    """A feature that always suggests the same, or nothing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.cursors: list[Cursor] = []

    def suggest(self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1) -> Outcome:
        self.cursors.append(cursor)
        if not self.text:
            return Outcome(reason=Reason.NOT_CONFIDENT)
        return Outcome((Suggestion(self.text, -0.1),))

    def fill(self, prefix: str, suffix: str, is_one_line: bool = True) -> str:
        assert (prefix, suffix) in ((PREFIX, SUFFIX), (SPAN.prefix, SPAN.suffix))
        return self.text


@pytest.mark.parametrize(
    ("place", "text", "exact"),
    [
        ("indented", "y = 2 * x", True),
        ("indented", "y = 2 * x\n    z = 3", True),
        ("indented", "y = x + x", False),
        ("indented", "y = 3 * x", False),
        ("column1", "    y = 2 * x", True),
        ("column1", "\n    y = 2 * x\n", True),
    ],
)
def test_one_line_is_kept_and_run(place: CursorPlace, text: str, exact: bool) -> None:
    filled = fill_with_pipeline(Says(text), ITEM, place)
    assert filled.is_exact is exact
    assert passes(ITEM, filled) is (text != "y = 3 * x")
    assert "z = 3" not in filled.program and filled.program.endswith("\n    return y\n")


def test_the_cursor_stands_on_a_line_of_its_own() -> None:
    feature = Says("y = 2 * x")
    fill_with_pipeline(feature, ITEM, "indented")
    fill_with_pipeline(feature, ITEM, "column1")
    fill_with_pipeline(feature, SPAN, "indented")
    assert [cursor.line_prefix for cursor in feature.cursors] == ["    ", "", "    ret"]
    assert [cursor.suffix for cursor in feature.cursors] == ["\n" + SUFFIX, "\n" + SUFFIX, "\n"]


def test_the_bare_model_gets_the_data_as_it_is() -> None:
    filled = fill_plainly(Says("    y = 2 * x\n    z = 3\n"), ITEM)
    assert filled.is_exact and passes(ITEM, filled)
    assert filled.program == PREFIX + "    y = 2 * x\n" + SUFFIX


def test_a_span_is_kept_whole() -> None:
    assert passes(SPAN, fill_with_pipeline(Says("urn 2 * x"), SPAN, "indented"))
    assert fill_plainly(Says("urn (2 *\n x)"), SPAN).program.endswith("return (2 *\n x)\n")


def test_what_is_held_back_has_failed_with_its_reason() -> None:
    result = run([ITEM], lambda item: fill_with_pipeline(Says(""), item, "indented"), True, lambda number: None)
    figures = result.to_json()
    assert (figures["exact_match"], figures["pass_at_1"], figures["num_items"]) == (0.0, 0.0, 1)
    assert figures["reasons"] == {Reason.NOT_CONFIDENT.value: 1}


def test_both_ways_are_compared_item_by_item() -> None:
    good = run(
        [ITEM] * 4, lambda item: fill_with_pipeline(Says("y = 2 * x"), item, "indented"), True, lambda number: None
    )
    bad = run([ITEM] * 4, lambda item: Filled("", False, 1.0, "nothing"), True, lambda number: None)
    assert difference(good, bad)["pass_at_1"]["difference_points"] == 100.0
    assert difference(good, bad)["exact_match"]["num_only_first"] == 4
    alone = run([ITEM], lambda item: Filled("", False, 1.0), False, lambda number: None)
    assert alone.to_json()["pass_at_1"] is None and difference(alone, alone)["pass_at_1"] is None


def test_items_are_drawn_with_a_seed(tmp_path: Path) -> None:
    records = [
        {
            "task_id": f"t{number}",
            "prompt": PREFIX,
            "suffix": SUFFIX,
            "canonical_solution": "    y = 2 * x\n",
            "test": TEST,
            "entry_point": "double",
        }
        for number in range(20)
    ]
    plain, packed = tmp_path / "data.jsonl", tmp_path / "data.jsonl.gz"
    plain.write_text("".join(json.dumps(record) + "\n" for record in records))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_items(plain, 5, 11) == read_items(packed, 5, 11) != read_items(plain, 5, 12)
    assert len(read_items(plain, 0, 11)) == len(read_items(plain, 99, 11)) == 20
    assert read_items(plain, 1, 11)[0].is_line


@pytest.mark.parametrize("content", [b"not json", b'{"prompt": ""}\n', b"\x1f\x8b broken"])
def test_another_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    for name in ("data.jsonl", "data.jsonl.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DocumentError, match="not an infilling file"):
            read_items(tmp_path / name, 1, 1)
