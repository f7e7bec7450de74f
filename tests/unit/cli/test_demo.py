"""``fimble demo``: what it takes out of a real file, and what it says when there is no model."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path

import pytest

from fimble.cli import app, demo
from fimble.cli.client import Answer
from fimble.errors import UnknownDocument


def test_the_hole_is_where_the_line_was() -> None:
    cursor = demo.open_with_hole(demo.MODULE, demo.MISSING)
    original = Path(textwrap.__file__).read_text(encoding="utf-8")
    assert cursor.prefix + demo.MISSING + cursor.suffix == original
    assert cursor.line_prefix.strip() == ""
    assert cursor.line_suffix == ""


def test_a_python_without_that_line_is_told() -> None:
    with pytest.raises(UnknownDocument):
        demo.open_with_hole(demo.MODULE, "no such line")


def test_the_suggestion_is_shown_in_place() -> None:
    from rich.console import Console

    cursor = demo.open_with_hole(demo.MODULE, demo.MISSING)
    out = io.StringIO()
    demo._show(Console(file=out, width=200), cursor, Answer(demo.MISSING, 41.5, 9.0, 200.0, 1.5))
    marked = [line for line in out.getvalue().splitlines() if line.startswith(">")]
    number = cursor.prefix.count("\n") + 1
    assert marked == [f">{number:5} | {' ' * 20}{demo.MISSING}"]
    assert f" {number + 1:5} |                 else:" in out.getvalue()
    assert "42 ms" in out.getvalue()


def test_without_a_model_the_servers_own_words_come_through(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as left:
        app.main(["demo"])
    assert left.value.code == 1
    assert "fimble setup" in capsys.readouterr().err
