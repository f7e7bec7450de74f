"""Does a program that a model wrote pass its tests? It runs alone, for a short time, in a process that may do little.

See ``guard`` for what it may do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from enum import Enum
from pathlib import Path

from fimble.errors import ConfigError

TIMEOUT_S = 10.0
CPU_S = 5
MEMORY_BYTES = 1 << 30
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
    from fimble.bench.guard import PASSED

    with tempfile.TemporaryDirectory(prefix="fimble-execute-") as name:
        file = Path(name) / "program.py"
        file.write_text(program, encoding="utf-8", errors="replace")
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_GUARD), str(file), str(CPU_S), str(MEMORY_BYTES)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=name,
            env={"PATH": os.defpath, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return Verdict.TIMED_OUT
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return Verdict.PASSED if code == PASSED else Verdict.FAILED
