"""Emacs without a person: a script runs, and tells what became of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.editors.nvim.neovim import environment_in
from tests.editors.programs.emacs import Emacs

HERE = Path(__file__).parent
SHIPPED = Path(__file__).parents[3] / "editors" / "emacs"
LONGEST_S = 180.0


def arguments(emacs: Emacs) -> list[str]:
    """No settings of the person's; packages, what is shipped and the scripts here are found."""
    folders = (*emacs.packages, SHIPPED, HERE)
    return ["-Q", *(word for folder in folders for word in ("-L", str(folder)))]


def environment(folder: Path, serve: Sequence[str]) -> dict[str, str]:
    """Variables for an Emacs that keeps to ``folder`` and finds the server under test."""
    project = folder / "project"
    (project / ".git").mkdir(parents=True, exist_ok=True)
    path = f"{Path(serve[0]).parent}{os.pathsep}{os.environ['PATH']}"
    return environment_in(folder) | {"PATH": path, "FIMBLE_TEST_PROJECT": str(project)}


def run_script(emacs: Emacs, script: str, folder: Path, serve: Sequence[str]) -> dict[str, Any]:
    """What the ``script`` told, by name."""
    command = [str(emacs.executable), "--batch", *arguments(emacs), "-l", str(HERE / script)]
    variables = os.environ | environment(folder, serve)
    done = subprocess.run(
        command,
        cwd=folder / "project",
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    if done.returncode:
        pytest.fail(f"{script} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    told: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        if line.startswith("told "):
            told |= json.loads(line.removeprefix("told "))
    return told
