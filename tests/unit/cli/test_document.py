"""``fimble document``: a diff, a file written whole, or a text through a pipe."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from fimble.errors import ActionRefused, ConfigError, FimbleError, PositionOutside
from tests.unit.cli.scripted_model import installed, ran

TEXT = '"""Sums."""\r\n\r\n\r\ndef add(a, b):\r\n    return a + b\r\n\r\n\r\nX = add(1, 2)\r\n'
SAID = 'Return the sum of two numbers."""\n```'
WRITTEN = TEXT.replace("    return", '    """Return the sum of two numbers."""\r\n    return')


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sums.py").write_bytes(TEXT.encode())
    return Path("sums.py")


def test_the_change_is_shown_and_nothing_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, SAID)
    done = ran("document", "sums.py:5")
    assert done.code == 0
    lines = done.raw.decode().split("\n")
    assert lines[:3] == ["--- sums.py", "+++ sums.py", "@@ -2,6 +2,7 @@"]
    assert [line for line in lines[2:] if line[:1] in "+-" and line] == ['+    """Return the sum of two numbers."""\r']
    assert path.read_bytes() == TEXT.encode()


def test_it_is_written_where_that_is_wanted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, SAID)
    done = ran("document", "sums.py:4", "--write")
    assert (done.code, done.out) == (0, "")
    assert path.read_bytes().decode() == WRITTEN
    assert ast.get_docstring(ast.parse(WRITTEN).body[1]) == "Return the sum of two numbers."  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [True, False])
def test_a_pipe_gets_the_whole_new_text(before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, SAID)
    option = ("--lang", "python")
    arguments = (*option, "-:4") if before else ("-:4", *option)
    done = ran("document", *arguments, piped=TEXT.encode())
    assert (done.code, done.raw.decode()) == (0, WRITTEN)


def test_a_program_gets_one_object(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, SAID)
    record = json.loads(ran("document", "sums.py:4", "--write", "--json").out)
    assert (record["code"], record["written"], record["passed"], record["attempts"]) == (WRITTEN, True, True, 1)
    assert record["diff"].startswith("--- sums.py\n") and record["language"] == "python"
    assert path.read_bytes().decode() == WRITTEN


def test_where_nothing_passes_the_file_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, *['"""\n```'] * 8)
    done = ran("document", "sums.py:4", "--write")
    assert (done.code, done.out) == (1, "")
    assert "No documentation passed the checks: line 1: it says nothing" in done.err
    record = json.loads(ran("document", "sums.py:4", "--write", "--json").out)
    assert (record["code"], record["passed"], record["written"], record["diff"]) == ("", False, False, "")
    assert path.read_bytes() == TEXT.encode()


def test_what_was_rejected_is_shown(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, *['Adds.""" \n```'] * 8)
    done = ran("document", "sums.py:4")
    assert done.code == 1 and "    1 | Adds." in done.err
    assert json.loads(ran("document", "sums.py:4", "--json").out)["rejected"] == "Adds."


def test_a_file_that_changed_meanwhile_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch, SAID)
    model.meanwhile = lambda: path.write_text("changed\n", encoding="utf-8")
    with pytest.raises(ActionRefused, match="was changed while the model wrote"):
        ran("document", "sums.py:4", "--write")
    assert path.read_text(encoding="utf-8") == "changed\n"


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("sums.py",), PositionOutside, "is not FILE:LINE"),
        (("sums.py:4-5",), PositionOutside, "is not FILE:LINE"),
        (("sums.py:0",), PositionOutside, "Line 0 is outside sums.py, which has 8 lines"),
        (("sums.py:9",), PositionOutside, "Line 9 is outside sums.py"),
        (("sums.py:8",), ActionRefused, "Line 8 of sums.py is in no function or class"),
        (("sums.py:2",), ActionRefused, "Line 2 of sums.py is in no function or class"),
        (("sums.py:4", "--lang", "klingon"), ConfigError, "There is no language 'klingon'"),
        (("sums.py:4", "--lang", "json"), ActionRefused, "no form of documentation for json"),
        (("-:4",), ConfigError, "Standard input does not tell its language. Give it: --lang"),
        (("-:4", "--lang", "python", "--write"), ConfigError, "There is no file to write to"),
    ],
)
def test_bad_input_is_told_before_the_model_is_loaded(
    path: Path,
    arguments: tuple[str, ...],
    error: type[FimbleError],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = installed(monkeypatch)
    with pytest.raises(error, match=says):
        ran("document", *arguments, piped=TEXT)
    assert model.num_loaded == 0


def test_a_file_that_may_only_be_read_is_told_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch)
    path.chmod(0o444)
    with pytest.raises(ActionRefused, match="may only be read"):
        ran("document", "sums.py:4", "--write")
    assert model.num_loaded == 0


def test_an_unknown_option_is_wrong_usage(path: Path) -> None:
    done = ran("document", "--wirte", "sums.py:4")
    assert done.code == 2 and "--wirte" in done.err
