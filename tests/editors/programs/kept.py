"""Where programs for the editor tests are kept between runs, and what is said of one that cannot be had.

A program is put together in a folder beside its place and renamed into it, so that a run that was
interrupted leaves no half of one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs
from filelock import FileLock

INSTALL_S = 600.0
"""Much longer than any installation takes."""


class Unavailable(Exception):
    """A program cannot be had on this machine; the message says why."""


def home() -> Path:
    """The folder of all programs; ``FIMBLE_TEST_PROGRAMS`` moves it."""
    moved = os.environ.get("FIMBLE_TEST_PROGRAMS")
    return Path(moved) if moved else platformdirs.user_cache_path("fimble-test-programs")


def kept(name: str, works: Callable[[Path], bool], install: Callable[[Path], None]) -> Path:
    """The folder of the program ``name``, which names its version too.

    What is there is used if ``works`` says so, else made anew by ``install``, which is handed an
    empty folder. Raises ``Unavailable`` where that fails.
    """
    folder = home() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{name}.lock")):
        if folder.is_dir() and works(folder):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=folder.parent))
        try:
            install(staging)
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        if not works(folder):
            raise Unavailable(f"{name} was installed and does not start")
    return folder


def run(command: Sequence[str | Path], **options: object) -> str:
    """Run a step of an installation. Returns what it printed; raises ``Unavailable`` with the end of that."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=INSTALL_S,
            **options,  # type: ignore[call-overload]
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{words[0]}: {error}") from error
    if done.returncode:
        raise Unavailable(f"{' '.join(words)[:200]} failed: {done.stdout[-1500:]}")
    return str(done.stdout)
