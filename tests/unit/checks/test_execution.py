"""Programs that models write: run with limits, and never believed when they end early."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fimble.checks.execution import Verdict, execute


def test_a_program_that_ends_has_passed() -> None:
    assert (
        execute("import math, re, typing, hashlib\nassert math.gcd(4, 6) == 2\nprint('x' * 10_000)") is Verdict.PASSED
    )


@pytest.mark.parametrize(
    "program",
    [
        "assert 1 == 2",
        "def f(:",
        "import sys; sys.exit(0)",
        "import os; os._exit(0)",
        "x = [0] * 10**10",
        "import os; os.fork()",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import socket; socket.socket().connect(('127.0.0.1', 1))",
        "import ctypes; ctypes.CDLL(None)",
        "import os; os.mkfifo('pipe')",
        "import posix; posix.fork()",
        "import _posixsubprocess",
        "import sys; sys.modules.pop('_ctypes'); import _ctypes; _ctypes.dlopen(None, 0)",
        "open('/etc/hostname').read()",
        "import os; os.listdir('/home')",
        "open('../../etc/hostname').read()",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))",
        "def f(): f()\nf()",
    ],
)
def test_what_is_refused_or_fails(program: str) -> None:
    assert execute(program) is Verdict.FAILED


def test_its_own_folder_and_the_library_can_be_read() -> None:
    assert execute("open('program.py').read(); import json, string, difflib") is Verdict.PASSED


def test_an_endless_loop_is_stopped() -> None:
    started = time.perf_counter()
    assert execute("while True: pass", timeout_s=1.0) is Verdict.TIMED_OUT
    assert time.perf_counter() - started < 5


def test_sleep_is_stopped_too() -> None:
    assert execute("import time; time.sleep(60)", timeout_s=0.5) is Verdict.TIMED_OUT


def test_nothing_can_be_written_or_deleted(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("gold")
    for program in (
        f"open({str(precious)!r}, 'w').write('x')",
        f"import pathlib; pathlib.Path({str(tmp_path / 'new')!r}).write_text('x')",
        f"import os; os.remove({str(precious)!r})",
        f"import os; os.rename({str(precious)!r}, {str(precious)!r} + '2')",
        f"import shutil; shutil.rmtree({str(tmp_path)!r})",
        f"import os; os.truncate({str(precious)!r}, 0)",
        f"import os; os.open({str(precious)!r}, os.O_WRONLY | os.O_TRUNC)",
    ):
        assert execute(program) is Verdict.FAILED, program
    assert precious.read_text() == "gold"
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
