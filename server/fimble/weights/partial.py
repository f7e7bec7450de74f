"""A file on its way: appended to, counted and digested, and given its name only when it is right."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fimble.errors import ChecksumMismatch
from fimble.weights import disk
from fimble.weights.entry import SourceFile

CHUNK_BYTES = 1 << 20


class PartialFile:
    """Bytes of ``file`` that have arrived so far, in ``<name>.partial`` beside its final place.

    Used through ``opened``. What an earlier run left is digested and kept.
    """

    def __init__(self, handle: BinaryIO, path: Path, file: SourceFile) -> None:
        self.num_bytes = 0
        self.file = file
        self._handle = handle
        self._path = path
        self._digest = hashlib.sha256()
        handle.seek(0)
        while chunk := handle.read(CHUNK_BYTES):
            self._digest.update(chunk)
            self.num_bytes += len(chunk)

    def write(self, chunk: bytes) -> None:
        """Append. Raises ``NotEnoughDisk``, or ``ChecksumMismatch`` past the size that is wanted."""
        if self.num_bytes + len(chunk) > self.file.bytes:
            self._reject(f"has more than the {self.file.bytes} bytes that the catalogue names")
        with disk.guarded(self._path.parent):
            self._handle.write(chunk)
        self._digest.update(chunk)
        self.num_bytes += len(chunk)

    def mark(self) -> tuple[int, hashlib._Hash]:
        """A place to return to with ``rewind``."""
        return self.num_bytes, self._digest.copy()

    def rewind(self, mark: tuple[int, hashlib._Hash] | None = None) -> None:
        """Forget what came after ``mark``, or everything."""
        self.num_bytes, digest = mark if mark is not None else (0, hashlib.sha256())
        self._digest = digest.copy()
        with disk.guarded(self._path.parent):
            self._handle.flush()
        self._handle.truncate(self.num_bytes)
        self._handle.seek(self.num_bytes)

    def finish(self) -> Path:
        """Verify, write through to the disk and rename. Raises ``ChecksumMismatch`` and forgets the bytes."""
        if self.num_bytes != self.file.bytes:
            self._reject(f"has {self.num_bytes} bytes, and the catalogue names {self.file.bytes}")
        found = self._digest.hexdigest()
        if found != self.file.sha256:
            self._reject(f"has the sha256 {found}, and the catalogue names {self.file.sha256}")
        with disk.guarded(self._path.parent):
            self._handle.flush()
            os.fsync(self._handle.fileno())
        self._handle.close()
        return self._path.replace(self._path.parent / self.file.name)

    def _reject(self, problem: str) -> None:
        self._handle.close()
        self._path.unlink()
        raise ChecksumMismatch(
            f"{self.file.name} {problem}: it was cut short or altered on its way, and has been deleted.",
            "Run the command again; if it happens again, use `--from PATH` with a file that you trust.",
        )


@contextmanager
def opened(folder: Path, file: SourceFile) -> Iterator[PartialFile]:
    """The partial of ``file`` in ``folder``, made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = partial_path(folder, file)
    with path.open("a+b") as handle:
        try:
            yield PartialFile(handle, path, file)
        finally:
            if not handle.closed:
                with disk.guarded(folder):
                    handle.close()


def partial_path(folder: Path, file: SourceFile) -> Path:
    """Where the bytes of ``file`` gather."""
    return folder / f"{file.name}.partial"
