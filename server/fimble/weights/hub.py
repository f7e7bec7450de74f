"""What lies in a repository of the model hub, asked of the hub itself: file names, sizes, digests and the revision.

``HF_ENDPOINT`` names another hub, as everywhere. Only questions are asked here; weights are fetched by
``download.py``, from the very revision that was looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fimble.errors import DownloadFailed, WeightsError
from fimble.weights import http
from fimble.weights.entry import SHA256, SourceFile

HUB = "https://huggingface.co"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
"""``owner/name``."""
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_MAX_LISTING_BYTES = 16 * 2**20
_MAX_SMALL_BYTES = 64 * 2**20
"""The largest tokenizers have some 20 MB."""
_BY_HAND = "Fetch the model's files by other means and run `fimble models add FOLDER`."


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of the repository."""

    name: str
    """Its path in the repository."""
    bytes: int
    sha256: str
    """Empty for a small one, of which the hub keeps no such digest."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One revision of a repository."""

    id: str
    revision: str
    """The commit, whatever name it was asked for by."""
    files: tuple[RemoteFile, ...]

    def find(self, name: str) -> RemoteFile | None:
        return next((file for file in self.files if file.name == name), None)


def endpoint() -> str:
    """The hub's address, without a slash at its end."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def id_in(address: str) -> str:
    """``owner/name`` of a model's page on the hub, as it is copied from a browser; anything else as it is."""
    for site in (endpoint(), HUB):
        if address.startswith(f"{site}/"):
            return address.removeprefix(f"{site}/").rstrip("/").removesuffix("/tree/main")
    return address


def look_up(repository: str, revision: str = "main") -> Repository:
    """What is in ``repository`` (``owner/name``). Raises ``DownloadFailed`` with what to do."""
    if not ID.fullmatch(repository) or not _REVISION.fullmatch(revision) or ".." in revision:
        raise DownloadFailed(f"{repository!r} ({revision}) is not the id of a model on a hub.", "Write OWNER/NAME.")
    url = f"{endpoint()}/api/models/{repository}/revision/{quote(revision, safe='')}?blobs=true"
    host = urlsplit(url).netloc
    try:
        answer = json.loads(http.read(url, _MAX_LISTING_BYTES))
        return _repository(repository, answer)
    except http.Refused as error:
        raise _refused(repository, revision, host, error) from error
    except DownloadFailed as error:
        raise DownloadFailed(
            f"{repository} cannot be looked up: {error.what}", f"Check the network. {_BY_HAND}"
        ) from error
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise DownloadFailed(
            f"{host} answered with something else than what it has of {repository}.",
            f"Behind a login page or a proxy that is so until one has signed in. {_BY_HAND}",
        ) from error


def fetch_small(repository: Repository, file: RemoteFile, folder: Path) -> SourceFile:
    """Bring a small file into ``folder`` and say what it is. Raises ``DownloadFailed``, ``WeightsError``."""
    url = f"{endpoint()}/{repository.id}/resolve/{repository.revision}/{quote(file.name)}"
    content = http.read(url, _MAX_SMALL_BYTES)
    sha256 = hashlib.sha256(content).hexdigest()
    if len(content) != file.bytes or (file.sha256 and file.sha256 != sha256):
        raise WeightsError(
            f"{url} did not bring the bytes that the hub lists.", "It was cut short or altered on its way; try again."
        )
    (folder / file.name).write_bytes(content)
    return SourceFile(file.name, len(content), sha256)


def _repository(repository: str, answer: Any) -> Repository:
    files = []
    for item in answer["siblings"]:
        if not str(item["rfilename"]).isprintable():
            continue  # it could not be shown to a person, and none of a model's files is called so
        large = item.get("lfs") or {}
        sha256 = str(large.get("sha256") or "")
        files.append(RemoteFile(str(item["rfilename"]), int(item["size"]), sha256 if SHA256.fullmatch(sha256) else ""))
    commit = str(answer["sha"])
    if not _REVISION.fullmatch(commit):
        raise ValueError(commit)
    return Repository(repository, commit, tuple(files))


def _refused(repository: str, revision: str, host: str, error: http.Refused) -> DownloadFailed:
    """The hub answers 401 for what is not there as well, so as not to tell what is private."""
    if error.status in (401, 403):
        return DownloadFailed(
            f"{host} does not show {repository}: there is no such model, or it is private or wants its terms accepted.",
            f"Check the name. For one with terms: accept them on its page. {_BY_HAND}",
        )
    if error.status == 404:
        return DownloadFailed(f"{host} has no {repository} with a revision {revision}.", "Check the name.")
    return DownloadFailed(f"{repository} cannot be looked up: {error.what}", _BY_HAND)
