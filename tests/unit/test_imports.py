"""The import contracts hold, would fail if they were broken, and starting up stays light."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fimble

PACKAGE = Path(fimble.__file__).parent
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
LINT = "import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint())"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the copy of the package in ``folder`` against the project's own contracts."""
    return subprocess.run(
        [sys.executable, "-c", LINT, "--config", str(PROJECT), "--no-cache", "--show-timings"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "fimble", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_contracts_hold(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("engine/base.py", "import fimble.lsp.server"),
        ("engine/base.py", "import pygls"),
        ("engine/base.py", "import lsprotocol.types"),
        ("engine/base.py", "import fimble.weights.manifest"),
        ("lsp/convert.py", "import onnxruntime"),
        ("lsp/convert.py", "import fimble.engine.session"),
        ("weights/catalog.py", "import fimble.engine.base"),
        ("text.py", "import fimble.context.window"),
    ],
)
def test_breaking_a_contract_is_noticed(copy: Path, file: str, line: str) -> None:
    with (copy / "fimble" / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_a_room_that_no_contract_knows_is_noticed(copy: Path) -> None:
    (copy / "fimble" / "attic").mkdir()
    (copy / "fimble" / "attic" / "__init__.py").touch()
    assert lint_imports(copy).returncode == 1


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "setup",
        "models",
        "clean",
        "complete",
        "generate",
        "document",
        "explain",
        "translate",
        "doctor",
        "demo",
        "bench",
        "index",
        "search",
    ],
)
def test_a_commands_file_imports_nothing_slow(command: str) -> None:
    slow = {"onnxruntime", "onnx", "numpy", "gguf", "tokenizers", "rich", "pygls", "requests"}
    code = f"import sys, fimble.cli.app, fimble.cli.{command}; print(*sorted({slow!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
