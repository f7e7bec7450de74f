"""The file or folder that a model is prepared from, and whether its bytes are the catalogue's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fimble.errors import ChecksumMismatch, UnsupportedArchitecture, WeightsError
from fimble.weights.digest import sha256_of
from fimble.weights.entry import CatalogEntry
from fimble.weights.progress import OnProgress, Progress, silent


@dataclass(frozen=True, slots=True)
class Source:
    """The file or folder that a model is prepared from."""

    path: Path
    sha256: str
    """Of the main file where the bytes are the catalogue's; of the names and digests of all files for a folder else."""
    is_catalogued: bool
    """Its bytes are the catalogue's, so that the recorded reference answers hold for it."""


def local(entry: CatalogEntry, path: Path, on_progress: OnProgress = silent) -> Source:
    """A person's own file. Raises ``WeightsError`` unless it is a model of the entry's architecture.

    A folder is the catalogue's when it holds every file that the entry names, with the same bytes.
    """
    path = path.expanduser()
    path = path.resolve() if path.is_dir() else path.parent.resolve() / path.name  # caches link to what has no ending
    files = _files_of(path)
    if not any(file.name.endswith(".safetensors") for file in files) and files != [path]:
        raise WeightsError(f"{path} holds no model file.", "Give a .gguf file, or a folder of .safetensors files.")
    digests = _digests(files, on_progress)
    if files == [path]:
        (sha256,) = digests.values()
        is_catalogued = sha256 == entry.file.sha256
    else:
        listing = "".join(f"{sha256} {name}\n" for name, sha256 in digests.items())
        sha256 = hashlib.sha256(listing.encode()).hexdigest()
        is_catalogued = all(digests.get(file.name) == file.sha256 for file in (entry.file, *entry.companions))
    if is_catalogued:
        return Source(path, entry.file.sha256, is_catalogued=True)
    for file in files:
        is_meant = files == [path] or file.name == entry.file.name
        if is_meant and digests[file.name] != entry.file.sha256 and file.stat().st_size == entry.file.bytes:
            raise ChecksumMismatch(
                f"{file} has the size of {entry.file.name}, but not its bytes (sha256 {digests[file.name]}).",
                "It is damaged or altered: fetch it again.",
            )
    found = _architecture_of(path)
    if found != entry.architecture:
        raise UnsupportedArchitecture(
            f"{path} is a {found} model, and {entry.name} is a {entry.architecture} model.",
            "Name the model that it is, or add an entry for it to the catalogue.",
        )
    return Source(path, sha256, is_catalogued=False)


def _architecture_of(path: Path) -> str:
    """As the graph writer calls it, or else config.json. Raises ``WeightsError``."""
    from fimble.weights.checkpoint import open_checkpoint
    from fimble.weights.safetensors_file import read_json

    try:
        return open_checkpoint(path).dimensions.architecture
    except UnsupportedArchitecture:
        if not path.is_dir():
            raise
        return str(read_json(path / "config.json").get("model_type"))


def _files_of(path: Path) -> list[Path]:
    """What a model is read from: the file itself, or all weights and settings of a folder of safetensors."""
    if path.is_file() and not path.name.endswith((".safetensors", ".safetensors.index.json")):
        return [path]
    folder = path if path.is_dir() else path.parent
    return sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")]) if path.exists() else []


def _digests(files: list[Path], on_progress: OnProgress) -> dict[str, str]:
    """File name -> sha256."""
    total_bytes = sum(file.stat().st_size for file in files)
    digests, read_bytes = {}, 0
    for file in files:
        before_bytes = read_bytes

        def report(done_bytes: int, before_bytes: int = before_bytes) -> None:
            on_progress(Progress("Checking the file", before_bytes + done_bytes, total_bytes))

        digests[file.name] = sha256_of(file, report)
        read_bytes += file.stat().st_size
    return digests
