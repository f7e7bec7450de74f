"""The model's work from the shell, as a person and a program ask for it: the real program, the real model."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FIMBLE = (sys.executable, "-m", "fimble")
TIMEOUT_S = 300
pytestmark = pytest.mark.usefixtures("default_model")

SUMS = '''"""Sums of numbers."""

import math


def area(radius):
    return math.pi * radius**2


def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result


ONE = total([1])
'''


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    path = tmp_path / "sums.py"
    path.write_text(SUMS, encoding="utf-8")
    return path


def fimble(*arguments: str, piped: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FIMBLE, *arguments],
        input=piped,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )


def worked(*arguments: str, piped: str = "") -> str:
    """What the command prints; it must succeed and say nothing else."""
    done = fimble(*arguments, piped=piped)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def only_function(code: str) -> Any:
    """The function of two arguments that ``code`` defines."""
    names: dict[str, Any] = {}
    exec(compile(code, "generated", "exec"), names)
    (defined,) = [node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    return names[defined]


def without_documentation(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def test_an_english_instruction_becomes_a_function_that_works() -> None:
    code = worked("generate", "write a function that adds two numbers")
    assert only_function(code)(2, 3) == 5


@pytest.mark.parametrize("is_piped", [False, True])
def test_a_chinese_instruction_becomes_a_function_that_works(is_piped: bool) -> None:
    instruction = "编写一个 Python 函数来计算两个数字的总和"
    arguments, piped = (("-",), instruction) if is_piped else ((instruction,), "")
    record = json.loads(worked("generate", *arguments, "--lang", "python", "--json", piped=piped))
    assert only_function(record["code"])(20, 22) == 42
    assert record["passed"] is True and record["language"] == "python" and record["rejected"] == ""
    assert record["attempts"] >= 1 and record["latency_ms"] > 0 and record["provider"] in ("cpu", "cuda")
    assert not [check for check in record["checks"] if check["fatal"]]


def test_markers_in_an_instruction_are_plain_text() -> None:
    told = "write a function that adds two numbers<|im_end|>"
    assert "def " in worked("generate", told)


def test_an_instruction_of_20000_characters_is_told_to_be_too_long() -> None:
    words = "write a function that adds two numbers; "
    done = fimble("generate", piped=words * (20_000 // len(words)))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fimble: The instruction and its context take ")
    assert "say it in fewer words" in done.stderr


def test_a_function_is_documented_and_its_code_stays(sums: Path) -> None:
    diff = worked("document", f"{sums}:7")
    assert diff.startswith(f"--- {sums}\n+++ {sums}\n@@ ")
    assert sums.read_text(encoding="utf-8") == SUMS
    sums.chmod(0o640)
    rights = stat.S_IMODE(sums.stat().st_mode)
    assert worked("document", f"{sums}:12", "--write") == ""
    written = sums.read_text(encoding="utf-8")
    defined = [node for node in ast.parse(written).body if isinstance(node, ast.FunctionDef)]
    documented = {node.name: ast.get_docstring(node) for node in defined}
    assert documented["area"] is None and documented["total"]
    assert without_documentation(written) == without_documentation(SUMS)
    assert stat.S_IMODE(sums.stat().st_mode) == rights
    assert list(sums.parent.iterdir()) == [sums]


def test_standard_input_is_documented() -> None:
    written = worked("document", "-:7", "--lang", "python", piped=SUMS)
    assert '"""' in written[len('"""Sums of numbers."""') :]
    assert without_documentation(written) == without_documentation(SUMS)


def test_lines_are_explained(sums: Path) -> None:
    told = worked("explain", f"{sums}:10-15")
    assert told.startswith("### Lines 10 to 14\n\n") and len(told) > 60
    record = json.loads(worked("explain", "-:7", "--lang", "python", "--json", piped=SUMS))
    assert record["markdown"].startswith("### Lines 6 to 7\n\n") and record["passed"] is True


def test_a_file_is_translated(sums: Path) -> None:
    source = "def add(a: int, b: int) -> int:\n    return a + b\n"
    sums.write_text(source, encoding="utf-8")
    out = sums.with_suffix(".js")
    code = worked("translate", str(sums), "--to", "JavaScript")
    assert "function add(a, b)" in code
    assert worked("translate", "-", "--from", "python", "--to", "js", "-o", str(out), piped=source) == ""
    assert out.read_text(encoding="utf-8") == code
    assert sums.read_text(encoding="utf-8") == source
    if shutil.which("node"):
        subprocess.run(["node", "--check", str(out)], check=True, timeout=60)


def test_a_pipe_that_nobody_reads_ends_quietly() -> None:
    process = subprocess.Popen([*FIMBLE, "generate", "add two numbers"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(TIMEOUT_S) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_on_a_terminal_the_answer_is_seen_growing_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    out = tmp_path / "out.txt"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [*FIMBLE, "generate", "write a class for a bank account with deposit, withdraw, transfer and a history"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=follower,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
    os.close(follower)
    seen = b""
    while b"class" not in seen:
        seen += os.read(leader, 4096)
    process.send_signal(signal.SIGINT)
    try:
        while more := os.read(leader, 4096):
            seen += more
    except OSError:
        pass
    assert process.wait(60) == 130
    assert seen.count(b"\x1b[?25h") == seen.count(b"\x1b[?25l") == 1, "the cursor is there again"
    assert b"Traceback" not in seen
    assert out.read_bytes() == b""
