"""From a model that somebody wants to have to its entry in the catalogue: its name, its files, where they are from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from fimble.errors import WeightsError
from fimble.weights import catalog, store
from fimble.weights.candidate import Candidate
from fimble.weights.digest import sha256_of
from fimble.weights.entry import NAME, CatalogEntry, Source, SourceFile
from fimble.weights.progress import OnProgress, Progress, silent

MARK = "Written by `fimble models add`; `fimble models remove` deletes it."
"""The first line of an entry, by which it is told from those that a person wrote."""
_MAX_NAME_CHARS = 96
"""As on the hub; the names of files are made of it, which end at 255."""


def name_for(wanted: str, proposed: str) -> str:
    """The name of a new model: ``wanted`` if it is given, else made of ``proposed``.

    Raises ``WeightsError`` for one that is no name or is another model's.
    """
    name = wanted or re.sub(r"[^a-z0-9._-]+", "-", proposed.lower()).strip("-._")[:_MAX_NAME_CHARS]
    if not NAME.fullmatch(name) or len(name) > _MAX_NAME_CHARS:
        raise WeightsError(
            f"{name!r} cannot be a model's name.",
            f"Choose one with --name: letters, digits, '.', '_' and '-', {_MAX_NAME_CHARS} at most.",
        )
    if catalog.is_builtin(name):
        raise WeightsError(
            f"fimble's own catalogue has a model called {name}.",
            f"Run `fimble setup {name}` for that one, or choose another name with --name.",
        )
    refuse_taken(name)
    return name


def refuse_taken(name: str) -> None:
    """Raise ``WeightsError`` where there is a model of that name; another process may have added it meanwhile."""
    taken = {known.lower() for known in catalog.names()} | {item.name.lower() for item in store.installed()}
    if name.lower() in taken:
        raise WeightsError(
            f"There is a model called {name} already.",
            f"Remove it (`fimble models remove {name}`), or choose another name with --name.",
        )


def files_of(candidate: Candidate, on_progress: OnProgress = silent) -> tuple[SourceFile, ...]:
    """All files of a model on this disk by their digests, the main one first. Raises ``WeightsError``."""
    total_bytes = sum(path.stat().st_size for path in candidate.files)
    files: list[SourceFile] = []
    for path in candidate.files:
        if not NAME.fullmatch(path.name):
            raise WeightsError(f"{path.name!r} cannot be the name of a model's file.", "Rename it.")
        read_bytes = sum(file.bytes for file in files)

        def report(done_bytes: int, read_bytes: int = read_bytes) -> None:
            on_progress(Progress("Reading the files", read_bytes + done_bytes, total_bytes))

        files.append(SourceFile(path.name, path.stat().st_size, sha256_of(path, report)))
    return tuple(files)


def entry_of(
    candidate: Candidate, name: str, family: str, licence: str, files: Sequence[SourceFile], source: Source
) -> CatalogEntry:
    """The entry of ``candidate``; ``files`` as ``files_of`` gives them."""
    return CatalogEntry(
        name=name,
        title=candidate.title,
        licence=licence,
        architecture=candidate.settings.architecture,
        prompt_family=family,
        context_length=candidate.settings.context_length,
        parameters=candidate.parameters,
        format=candidate.format,
        file=files[0],
        companions=tuple(files[1:]),
        sources=(source,),
        references=(),
        shape=candidate.shape,
    )


def provisional_entry(name: str, licence: str, files: Sequence[SourceFile], source: Source) -> CatalogEntry:
    """An entry to fetch by, of a model whose weights nobody has looked at yet."""
    return CatalogEntry(
        name, name, licence, "unknown", "plain", 1, 1, "safetensors", files[0], tuple(files[1:]), (source,), ()
    )


def is_added(path: Path) -> bool:
    """Whether the entry in ``path`` was written by ``fimble models add``."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().rstrip("\n") == f"# {MARK}"
    except (OSError, UnicodeDecodeError):
        return False
