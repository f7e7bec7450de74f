"""Helix, which runs in a terminal."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

from tests.editors.programs import debian
from tests.editors.programs.kept import Unavailable, kept

SUITE = "testing"
START_S = 60.0


def helix() -> Path:
    """An executable of Helix 25.07 or later; raises ``Unavailable``."""
    return kept(f"helix-25.07-{SUITE}", lambda made: _is_new_enough(made / "hx"), _install) / "hx"


def _install(folder: Path) -> None:
    if platform.system() != "Linux":
        raise Unavailable("packages of Debian run on Linux only")
    debian.unpack(["hx"], SUITE, folder)
    runtime = Path("usr/lib/hx/runtime")
    if not (folder / runtime).is_dir():
        raise Unavailable(f"Debian's Helix has no {runtime}")
    debian.wrapper(folder, "usr/bin/hx", {"HELIX_RUNTIME": str(runtime)})


def _is_new_enough(executable: Path) -> bool:
    try:
        done = subprocess.run([str(executable), "--version"], capture_output=True, text=True, timeout=START_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"helix (\d+)\.(\d+)", done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= (25, 7)
