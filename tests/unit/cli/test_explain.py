"""``fimble explain``: which lines are explained, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fimble.errors import ActionRefused, FimbleError, PositionOutside
from tests.unit.cli.scripted_model import installed, ran

TEXT = "X = 1\n\n\ndef add(a, b):\n    c = a + b\n    return c\n\n\nY = 2\n"
SAID = ": it defines `add`.\n- Line 5: `a + b` is worked out."
TOLD = "- Line 4: it defines `add`.\n- Line 5: `a + b` is worked out."


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sums.py").write_text(TEXT, encoding="utf-8")
    return Path("sums.py")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("sums.py:5-6", "```\n5:     c = a + b\n6:     return c\n```"),
        ("sums.py:5-5", "```\n5:     c = a + b\n```"),
        ("sums.py:5", "```\n4: def add(a, b):\n5:     c = a + b\n6:     return c\n```"),
        ("sums.py:9", "```\n9: Y = 2\n```"),
    ],
)
def test_the_lines_named_or_the_function_around_one(place: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch, ": it adds.")
    done = ran("explain", place)
    assert done.code == 0 and done.out.lower().endswith("it adds.\n")
    assert shown in model.prompts[0]


def test_a_pipe_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, SAID)
    done = ran("explain", "-:4-6", "--lang", "python", piped=TEXT)
    assert (done.code, done.out) == (0, f"### Lines 4 to 6\n\n{TOLD}\n")


def test_a_program_gets_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, SAID)
    record = json.loads(ran("explain", "sums.py:4-6", "--json").out)
    assert record["markdown"] == f"### Lines 4 to 6\n\n{TOLD}\n"
    assert (record["passed"], record["language"], record["attempts"]) == (True, "python", 1)


def test_an_explanation_of_other_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, *[": its name.\nSee line 70: it ends."] * 4)
    done = ran("explain", "sums.py:4-6")
    assert (done.code, done.out) == (1, "")
    assert "    2 | See line 70: it ends." in done.err
    assert "it speaks of line 70, which is not there" in done.err


def test_more_lines_than_are_explained_are_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("x = 1\n" * 200, encoding="utf-8")
    installed(monkeypatch, "It is set.")
    assert "Only the first 120 lines are explained." in ran("explain", "sums.py:2-150").err


@pytest.mark.parametrize(
    ("place", "error", "says"),
    [
        ("sums.py", PositionOutside, "is not FILE:A-B"),
        ("sums.py:6-5", PositionOutside, "Line 5 comes before line 6"),
        ("sums.py:8-12", PositionOutside, "Line 12 is outside sums.py, which has 9 lines"),
        ("sums.py:2-3", ActionRefused, "nothing but space"),
        ("sums.py:2", ActionRefused, "nothing but space"),
    ],
)
def test_bad_input_is_told_before_the_model_is_loaded(
    place: str, error: type[FimbleError], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = installed(monkeypatch)
    with pytest.raises(error, match=says):
        ran("explain", place)
    assert model.num_loaded == 0
