"""Room on the disk: asked for before anything is written, and believed when a write fails after all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fimble.errors import NotEnoughDisk

RESERVE_BYTES = 64 * 1024 * 1024
"""Left free whatever happens: a disk filled to the last byte breaks other programs."""

FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_HINT = "Free some space (`fimble clean`), or set FIMBLE_HOME to a folder on a larger disk."


def require(folder: Path, num_bytes: int, what: str) -> None:
    """Raise ``NotEnoughDisk`` unless ``folder``'s disk has room for ``num_bytes`` more."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free_bytes = shutil.disk_usage(existing).free
    if free_bytes < num_bytes + RESERVE_BYTES:
        raise NotEnoughDisk(
            f"{what} needs {readable(num_bytes)} in {folder}, and only {readable(free_bytes)} are free there "
            f"({readable(RESERVE_BYTES)} of them are left alone).",
            _HINT,
        )


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Turn the system's "disk full" while writing below ``folder`` into ``NotEnoughDisk``."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL_ERRNOS:
            raise
        raise full(folder, error.strerror or "no space left") from error


def tells_of(error: Exception) -> bool:
    """Whether ``error`` says "disk full"; libraries written in Rust say it in the text of a bare exception."""
    if isinstance(error, OSError):
        return error.errno in FULL_ERRNOS
    return any(f"(os error {number})" in str(error) for number in FULL_ERRNOS)


def full(folder: Path, reason: str) -> NotEnoughDisk:
    """The error for a disk that ran full while writing below ``folder``."""
    free_bytes = shutil.disk_usage(folder).free if folder.exists() else 0
    return NotEnoughDisk(f"The disk ran full in {folder} ({reason}; {readable(free_bytes)} free).", _HINT)


def readable(num_bytes: int) -> str:
    """``491400064`` -> ``491 MB`` (1 MB is a million bytes)."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if num_bytes >= size:
            value = num_bytes / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{num_bytes} bytes"


def folder_bytes(folder: Path) -> int:
    """Size of all files below ``folder``, or of the file that it is; 0 where nothing is."""
    if folder.is_file():
        return folder.stat().st_size
    total = 0
    for parent, _, names in os.walk(folder):  # unlike rglob, it takes folders that vanish while it looks
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def swap(folder: Path, target: Path) -> None:
    """Give ``folder`` the name ``target``; what had it goes, or gets it back where that fails."""
    replaced = folder.with_name(f"{folder.name}-replaced")
    try:
        if target.exists():
            target.rename(replaced)
        folder.rename(target)
    except BaseException:
        if replaced.exists() and not target.exists():
            replaced.rename(target)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


def sync(folder: Path) -> None:
    """Have a folder's files on the disk before it gets its name."""
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
