"""The program as a person meets it: its commands, its errors, its exit codes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fimble
from fimble.cli import app


def run(*arguments: str) -> int | str | None:
    """Run the program in this process and return its exit code."""
    with pytest.raises(SystemExit) as left:
        app.main(arguments)
    return left.value.code


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"fimble {fimble.__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert [name for name in app.COMMANDS if name not in text] == []


@pytest.mark.parametrize("command", app.COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert f"fimble {command}" in capsys.readouterr().out


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dance") == 2
    assert "dance" in capsys.readouterr().err


def test_an_error_is_told_in_plain_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    assert run("setup", "qwen-of-hearts") == 1
    told = capsys.readouterr().err
    assert told.startswith("fimble: There is no model called 'qwen-of-hearts'.\n        ")
    assert "Traceback" not in told


def test_an_error_shows_what_a_terminal_would_obey(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    assert run("models", "add", str(tmp_path / "a\x1b[2Jb")) == 1
    told = capsys.readouterr().err
    assert "a\\x1b[2Jb" in told
    assert "\x1b" not in told


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "fimble", "demo"],
        env={"FIMBLE_HOME": str(tmp_path), "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert "Starting" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "")
