"""Which files of a hub's repository a model would be prepared from, and the catalogue entry they would have.

Safetensors come before GGUF: they are what was published first, and are quantised once. Of several GGUF files the
one in 8 bits is taken, which is what fimble prepares for a CPU, unless a person names another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights import hub
from fimble.weights.candidate import PICKLED
from fimble.weights.entry import NAME, HubSource, SourceFile
from fimble.weights.hub import RemoteFile, Repository
from fimble.weights.licence import CARD, is_licence_file
from fimble.weights.model_settings import SETTINGS

_WHOLE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_GGUF_PART = re.compile(r"-\d{5}-of-\d{5}\.gguf\Z", re.IGNORECASE)
_PREFERRED = ("q8_0", "q6_k", "q5_k_m", "q4_k_m", "q5_0", "q4_0", "bf16", "f16", "fp16", "f32", "fp32")


@dataclass(frozen=True, slots=True)
class Offer:
    """What would be fetched."""

    repository: Repository
    weights: tuple[RemoteFile, ...]
    """The main one first."""
    beside: tuple[RemoteFile, ...]
    """Small files that belong to the model."""
    about: tuple[RemoteFile, ...]
    """Small files that only say something of it: its card, its licence."""

    @property
    def num_bytes(self) -> int:
        return sum(file.bytes for file in (*self.weights, *self.beside))

    @property
    def is_gguf(self) -> bool:
        return self.weights[0].name.lower().endswith(".gguf")

    @property
    def source(self) -> HubSource:
        return HubSource(self.repository.id, self.repository.revision, self.weights[0].name)


def offer_of(repository: Repository, wanted: str = "") -> Offer:
    """The files to take of ``repository``; ``wanted`` names one of its GGUF files.

    Raises ``UnsupportedArchitecture`` where there are only pickled weights, ``WeightsError`` where there are none.
    """
    about = tuple(file for file in repository.files if file.name == CARD or is_licence_file(file.name))
    if wanted:
        chosen = repository.find(wanted)
        if chosen is None or not wanted.lower().endswith(".gguf"):
            names = ", ".join(file.name for file in _ggufs(repository)) or "none"
            raise WeightsError(f"{repository.id} has no GGUF file {wanted!r}.", f"Its GGUF files: {names}.")
        return Offer(repository, (_checked(chosen),), (), about)
    weights = _safetensors(repository)
    if weights:
        found = [repository.find(name) for name in (*SETTINGS, *([_INDEX] if len(weights) > 1 else []))]
        return Offer(repository, weights, tuple(file for file in found if file is not None), about)
    ggufs = _ggufs(repository)
    if ggufs:
        return Offer(repository, (_checked(ggufs[0]),), (), about)
    pickled = [file.name for file in repository.files if PurePosixPath(file.name).suffix in PICKLED]
    if pickled:
        raise UnsupportedArchitecture(
            f"All that {repository.id} has for weights is pickled ({pickled[0]}), and loading that can run any code.",
            "Look for a repository with the same model as safetensors or GGUF.",
        )
    raise WeightsError(f"{repository.id} holds no weights that fimble reads.", "Look for safetensors or GGUF files.")


def fetch_small(offer: Offer, folder: Path) -> dict[str, SourceFile]:
    """Bring all small files into ``folder``; those that belong to the model, by name. Raises ``DownloadFailed``."""
    for file in offer.about:
        hub.fetch_small(offer.repository, file, folder)
    return {file.name: hub.fetch_small(offer.repository, file, folder) for file in offer.beside}


def weight_files(offer: Offer) -> tuple[SourceFile, ...]:
    """The weights by their digests, as the hub states them. Raises ``WeightsError`` where it does not."""
    files = []
    for file in offer.weights:
        if not file.sha256:
            raise WeightsError(
                f"The hub states no sha256 of {file.name}, so what arrives could not be checked.",
                "Fetch the files by other means and run `fimble models add FOLDER`.",
            )
        files.append(SourceFile(PurePosixPath(file.name).name, file.bytes, file.sha256))
    return tuple(files)


def _safetensors(repository: Repository) -> tuple[RemoteFile, ...]:
    """All shards, or the one file; nothing where they lie elsewhere than at the top."""
    whole = repository.find(_WHOLE)
    if whole is not None:
        return (whole,)
    shards = sorted((file for file in repository.files if _SHARD.fullmatch(file.name)), key=lambda file: file.name)
    return tuple(shards) if repository.find(_INDEX) is not None else ()


def _ggufs(repository: Repository) -> list[RemoteFile]:
    """Those that are a whole model, the one to take first."""
    found = [
        file
        for file in repository.files
        if file.name.lower().endswith(".gguf") and not _GGUF_PART.search(file.name) and "mmproj" not in file.name
    ]

    def place(file: RemoteFile) -> tuple[int, str]:
        name = file.name.lower()
        return next((rank for rank, kind in enumerate(_PREFERRED) if kind in name), len(_PREFERRED)), file.name

    return sorted(found, key=place)


def _checked(file: RemoteFile) -> RemoteFile:
    if not NAME.fullmatch(PurePosixPath(file.name).name):
        raise WeightsError(f"{file.name!r} cannot be the name of a file here.", "Fetch it and give its path.")
    return file
