"""Writes a text into a file in one step: whole, or not at all."""

from __future__ import annotations

import codecs
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from fimble.errors import ActionRefused, DocumentError


def check_writable(path: Path) -> None:
    """Raise ``ActionRefused`` where the file at ``path`` is one that may only be read."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise _failed(path, error) from error
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise ActionRefused(f"{path} may only be read.", "Without --write the change is shown and nothing is written.")


def check_new(out: Path, source: Path | None, force: bool) -> None:
    """Raise ``ActionRefused`` where ``out`` is the source, or exists and is not to be replaced."""
    if out.is_dir():
        raise ActionRefused(f"{out} is a folder.", "Give the name of a file.")
    if not out.absolute().parent.is_dir():
        raise ActionRefused(f"There is no folder {out.parent}.", "Make it first.")
    if source is not None and out.exists() and out.samefile(source):
        raise ActionRefused(f"{out} is the source itself, which is never written over.", "Choose another name.")
    if (out.exists() or out.is_symlink()) and not force:
        raise ActionRefused(f"{out} exists already.", "With --force it is replaced.")


def save_change(path: Path, before: str, after: str) -> None:
    """Put ``after`` where ``before`` was read; what else the file begins with and who may read it stay.

    Raises ``ActionRefused`` where the file was changed since, ``DocumentError`` where it cannot be written.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _failed(path, error) from error
    mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
    if raw != mark + before.encode():
        raise ActionRefused(f"{path} was changed while the model wrote, so it is left alone.", "Run it again.")
    save(path, mark + after.encode())


def save(path: Path, data: bytes) -> None:
    """Make ``data`` the content of ``path``. Raises ``DocumentError``."""
    place = path.resolve()
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        try:
            with beside.open("xb") as file:
                file.write(data)
            if place.exists():
                _keep_rights(place, beside)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _failed(path, error) from error


def _keep_rights(place: Path, beside: Path) -> None:
    owned = place.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(beside, owned.st_uid, owned.st_gid)
    shutil.copymode(place, beside)


def _failed(path: Path, error: OSError) -> DocumentError:
    return DocumentError(f"{path} cannot be written: {error.strerror}.", "Check the path and its permissions.")
