"""The sha256 of large files, read piece by piece so that a person sees how far it has come."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

CHUNK_BYTES = 1 << 20


def sha256_of(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """The sha256 of a file, in hexadecimal. ``on_bytes`` is told how many bytes have been read. Raises ``OSError``."""
    done_bytes, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            done_bytes += len(chunk)
            on_bytes(done_bytes)
    return digest.hexdigest()
