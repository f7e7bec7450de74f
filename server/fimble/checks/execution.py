"""Does a program that a model wrote pass its tests? It runs alone, for a short time, in a process that may do little.

See ``guard`` for what it may do.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from enum import Enum
from pathlib import Path

from fimble.errors import ConfigError

TIMEOUT_S = 10.0
CPU_S = 5
MEMORY_BYTES = 1 << 30
MAX_OUTPUT_BYTES = 1 << 16
_GUARD = Path(__file__).with_name("guard.py")


class Verdict(Enum):
    """What became of a program."""

    PASSED = "passed"
    FAILED = "failed"
    """An exception, a limit on memory or processor time, something refused, or an exit of its own."""
    TIMED_OUT = "timed out"


def check_platform() -> None:
    """Raise ``ConfigError`` where programs cannot be limited."""
    if os.name != "posix":
        raise ConfigError("Running programs needs a system with resource limits.", "Leave --execute out.")


def execute(program: str, timeout_s: float = TIMEOUT_S) -> Verdict:
    """Run ``program`` as Python, with this interpreter's standard library; its output goes nowhere."""
    return output_of(program, timeout_s)[0]


def output_of(program: str, timeout_s: float = TIMEOUT_S) -> tuple[Verdict, str]:
    """Run ``program`` as in ``execute``; with the first ``MAX_OUTPUT_BYTES`` of what it prints."""
    from fimble.checks.guard import PASSED

    with tempfile.TemporaryDirectory(prefix="fimble-execute-") as name:
        file = Path(name) / "program.py"
        file.write_text(program, encoding="utf-8", errors="replace")
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_GUARD), str(file), str(CPU_S), str(MEMORY_BYTES)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=name,
            env={"PATH": os.defpath, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
        try:
            output, code = watched(process, timeout_s)
        except subprocess.TimeoutExpired:
            return Verdict.TIMED_OUT, ""
        finally:
            end(process)
    return Verdict.PASSED if code == PASSED else Verdict.FAILED, output.decode(errors="replace")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that has a session of its own, and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def watched(process: subprocess.Popen[bytes], timeout_s: float) -> tuple[bytes, int]:
    """The first ``MAX_OUTPUT_BYTES`` of the output, and the exit code; the rest of the output is read and dropped.

    Raises ``subprocess.TimeoutExpired``.
    """
    assert process.stdout is not None, "it was started with a pipe"
    output, until_s = b"", time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left_s = until_s - time.monotonic()
            if left_s <= 0 or not selector.select(left_s):
                raise subprocess.TimeoutExpired(process.args, timeout_s)
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            output += chunk[: MAX_OUTPUT_BYTES - len(output)]
    return output, process.wait(max(0.0, until_s - time.monotonic()))
