"""Unified diffs that other programs take."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fimble.cli.difference import coloured, unified


def test_nothing_where_nothing_changes() -> None:
    assert unified("a.py", "x\n", "x\n") == ""


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch here")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nB2\nc\n"),
        ("a\r\nb\r\n", "a\r\nnew\r\nb\r\n"),
        ("a\nb", "a\nnew\nb"),
        ("a\nb", "a\nb\n"),
        ("a\n\x0cb\u2028c\n", "a\n\x0cb\u2028c\nd\n"),
    ],
)
def test_patch_makes_the_one_of_the_other(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "a.py").write_bytes(before.encode())
    diff = unified("a.py", before, after).encode()
    subprocess.run(["patch", "-p0", "--binary"], cwd=tmp_path, input=diff, check=True, capture_output=True)
    assert (tmp_path / "a.py").read_bytes() == after.encode()


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    diff = unified("a.py", "a\n", "b\n")
    assert coloured(diff) == diff
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert coloured(diff).startswith("\x1b[1m--- a.py\n")
    assert coloured(diff).endswith("\x1b[31m-a\n\x1b[0m\x1b[32m+b\n\x1b[0m")
