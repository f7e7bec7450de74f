"""One file for each thing that one process may work on at a time; the system frees it when its holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from fimble import config
from fimble.errors import WeightsError
from fimble.weights.progress import OnProgress, Progress

_HINT = "Check the folder's permissions and what uses it, or set FIMBLE_HOME to another one."


@contextmanager
def held(name: str, on_progress: OnProgress, wait: bool) -> Iterator[None]:
    """Hold the lock ``name``; says aloud when another process must be waited for.

    Raises ``WeightsError`` where no lock can be had, and with ``wait`` false where it is held.
    """
    guard = _guard(name)
    if not _acquire(guard, wait=False):
        if not wait:
            raise WeightsError(
                f"Another fimble is at work on {name}.", "Wait until it is done, then run the command again."
            )
        on_progress(Progress(notice=f"Another fimble is at work on {name}; waiting for it."))
        _acquire(guard, wait=True)
    try:
        yield
    finally:
        guard.release()


def is_held(name: str) -> bool:
    """Whether a process is at work on ``name``. Raises ``WeightsError`` where that cannot be found out."""
    guard = _guard(name)
    is_free = _acquire(guard, wait=False)
    if is_free:
        guard.release()
    return not is_free


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Turn an error of the system into ``WeightsError``."""
    try:
        yield
    except OSError as error:
        raise WeightsError(f"{what}: {error}.", _HINT) from error


def _guard(name: str) -> FileLock:
    folder = config.home() / "locks"
    with in_words(f"{folder} cannot be used"):
        folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")


def _acquire(guard: FileLock, wait: bool) -> bool:
    with in_words(f"{guard.lock_file} cannot be locked"):
        try:
            guard.acquire(blocking=wait)
        except Timeout:
            return False
    return True
