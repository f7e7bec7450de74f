"""Runs JavaScript that a model wrote, by node, alone, for a short time.

The system limits its time and memory and lets it write no file. Where this node has a permission
model it reads nothing but itself and starts neither processes nor threads; ``node_guard.cjs``
refuses the network and signals to other processes. That stops accidents, which is what models
produce; it is no wall against an attacker.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fimble.checks.execution import CPU_S, TIMEOUT_S, Verdict, check_platform, end, watched
from fimble.errors import ConfigError

MEMORY_BYTES = 1 << 31
"""Of addresses, of which node takes 0.7 GB at its start."""
HEAP_MB = 512
PASSED = 91
"""Exit code of a program that ran to its end; one that exits by itself has not passed."""
_GUARD = Path(__file__).with_name("node_guard.cjs")
_LIMITS = 'ulimit -c 0; ulimit -f 0; ulimit -t "$1"; ulimit -v "$2" 2>/dev/null; shift 2; exec "$@"'


def check_node() -> None:
    """Raise ``ConfigError`` where JavaScript cannot be run, or not be limited."""
    check_platform()
    _node()


def is_limited() -> bool:
    """Whether there is a node here that can be kept from files and processes."""
    node = shutil.which("node")
    return os.name == "posix" and node is not None and bool(_permission_option(node))


def execute(program: str, timeout_s: float = TIMEOUT_S) -> Verdict:
    """Run ``program`` as a CommonJS script; its output goes nowhere. A ``console.assert`` that fails ends it.

    Raises ``ConfigError`` where there is no node.
    """
    return output_of(f"{program}\nprocess.exitCode = {PASSED};\n", timeout_s=timeout_s)[0]


def output_of(
    program: str, given: bytes = b"", timeout_s: float = TIMEOUT_S, options: Sequence[str] = ()
) -> tuple[Verdict, bytes]:
    """Run ``program`` as a CommonJS script that finds ``given`` in the file ``process.argv[2]``; with what it prints.

    ``options`` are node's own. Raises ``ConfigError`` where there is no node.
    """
    node = _node()
    with tempfile.TemporaryDirectory(prefix="fimble-execute-") as name:
        folder = Path(name).resolve()
        file, data = folder / "program.cjs", folder / "given"
        file.write_text(program, encoding="utf-8", errors="replace")
        data.write_bytes(given)
        options = [*options, f"--max-old-space-size={HEAP_MB}", "--no-warnings"]
        if permission := _permission_option(node):
            options += [permission, *(f"--allow-fs-read={path}" for path in (file, data, _GUARD))]
        process = subprocess.Popen(
            [
                *("/bin/sh", "-c", _LIMITS, "sh", str(CPU_S), str(MEMORY_BYTES // 1024)),
                *(node, *options, "--require", str(_GUARD), str(file), str(data)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=name,
            env={"PATH": os.defpath},
            start_new_session=True,
        )
        try:
            printed, code = watched(process, timeout_s)
        except subprocess.TimeoutExpired:
            return Verdict.TIMED_OUT, b""
        finally:
            end(process)
    return Verdict.PASSED if code == PASSED else Verdict.FAILED, printed


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise ConfigError(
            "JavaScript is run by node, which is not installed here.",
            "Install Node.js 20 or newer, or leave --execute out.",
        )
    return node


@cache
def _permission_option(node: str) -> str:
    """The option that takes permissions away, as this version calls it; empty where it has none."""
    said = subprocess.run([node, "--help"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
    found = re.search(r"^\s*(--(?:experimental-)?permission)\b(?!-)", said, re.MULTILINE)
    return found[1] if found else ""
