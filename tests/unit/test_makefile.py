"""The marks of ``make``: each installation happens once, whatever targets follow one another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

PYTHON = """#!/bin/sh
case "$*" in
  "-m venv --clear "*)
    mkdir -p .venv/bin
    cp "$0" .venv/bin/python
    for tool in lint-imports deptry; do printf '#!/bin/sh\\n' > .venv/bin/$tool; chmod +x .venv/bin/$tool; done ;;
  *"pip"*" install "*) echo "$*" | sed 's/.*--editable //' >> installed ;;
  *"pip"*" uninstall "*) echo "without $*" | sed 's/without .*--yes/without/' >> installed ;;
  -c*|--version) exec {python} "$@" ;;
esac
"""
"""Stands for python in the environment too; writes down what pip would have to install."""

NPM = """#!/bin/sh
mkdir -p vscode-client/node_modules && touch vscode-client/node_modules/.package-lock.json
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "vscode-client").mkdir()
    (tmp_path / "vscode-client/package-lock.json").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/npm").write_text(NPM)
    (tmp_path / "bin/npm").chmod(0o755)
    (tmp_path / "python").write_text(PYTHON.format(python=sys.executable))
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def make(checkout: Path, *arguments: str) -> list[str]:
    """What pip was asked for meanwhile."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    log = checkout / "installed"
    log.write_text("")
    subprocess.run(
        ["make", *arguments, f"PYTHON={checkout / 'python'}"],
        cwd=checkout,
        env={name: value for name, value in environment.items() if name not in ("EXTRA", "CI", "VENV")}
        | {"PATH": f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return log.read_text().splitlines()


def test_nothing_is_installed_twice(checkout: Path) -> None:
    assert make(checkout, "check") == [".[cpu]", ".[cpu,test]", ".[cpu,dev]"]
    assert make(checkout, "test") == []
    assert make(checkout, "check") == []
    assert make(checkout, "setup") == []


def test_each_target_installs_what_the_ones_before_did_not(checkout: Path) -> None:
    assert make(checkout, "setup") == [".[cpu]"]
    assert make(checkout, "test") == [".[cpu,test]"]
    assert make(checkout, "check") == [".[cpu,dev]"]
    assert make(checkout, "test") == []
    (checkout / "pyproject.toml").touch()
    assert make(checkout, "check") == [".[cpu]", ".[cpu,test]", ".[cpu,dev]"]


def test_another_onnxruntime_replaces_the_first_and_is_kept(checkout: Path) -> None:
    make(checkout, "test")
    replaced = ["without onnxruntime onnxruntime-gpu", ".[gpu]", ".[gpu,test]"]
    assert make(checkout, "test", "EXTRA=gpu") == replaced
    assert make(checkout, "test") == []


def test_an_interrupted_installation_is_made_afresh_once(checkout: Path) -> None:
    make(checkout, "test")
    (checkout / ".venv" / ".installing").touch()
    assert make(checkout, "check") == [".[cpu,dev]"]
    assert make(checkout, "check") == [".[cpu,test]", ".[cpu,dev]"]
    assert make(checkout, "check") == []
