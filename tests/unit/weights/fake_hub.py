"""A server on loopback that answers as the model hub does: a listing, and the files of one revision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.unit.weights.file_server import FileServer, serving

COMMIT = "ebb2015119c907b064c512bf053e945850b5875f"
_LARGE = (".safetensors", ".gguf", ".bin", "tokenizer.json")
"""What hubs keep in their large-file store, with a sha256."""


def listing_path(repository: str, revision: str = "main") -> str:
    return f"/api/models/{repository}/revision/{revision}?blobs=true"


def publish(server: FileServer, repository: str, files: Mapping[str, bytes]) -> None:
    """Put ``files`` on the hub as ``repository``."""
    siblings = []
    for name, content in files.items():
        server.files[f"/{repository}/resolve/{COMMIT}/{name}"] = content
        item: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": "0" * 40}
        if name.endswith(_LARGE):
            item["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        siblings.append(item)
    server.files[listing_path(repository)] = json.dumps(
        {"id": repository, "sha": COMMIT, "gated": False, "siblings": siblings}
    ).encode()


@contextmanager
def hub() -> Iterator[FileServer]:
    """A running hub with nothing on it yet; ``HF_ENDPOINT`` has to name its ``url``."""
    with serving() as server:
        yield server
