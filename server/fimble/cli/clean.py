"""``fimble clean``: gives back the disk that ended runs, old sources, or everything, take up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.errors import FimbleError, ModelFolderInvalid
from fimble.weights import catalog, disk, manifest, store

if TYPE_CHECKING:
    from fimble.index.places import Place


@dataclass(frozen=True, slots=True)
class _Waste:
    """Something that can go."""

    path: Path
    num_bytes: int
    why: str
    free: Callable[[], int]
    """Deletes it, and returns the bytes freed. Raises ``FimbleError``."""


def clean(
    everything: Annotated[
        bool, typer.Option("--all", help="Delete the installed models and their source files as well.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete parts of downloads, half-written models and sources of no known model.

    And half-written adapters; and the indexes, adapters and trainings of workspaces that are gone. Those of all others
    stay, even with --all.
    """
    leftovers = list(_found(everything))
    if not leftovers:
        typer.echo("There is nothing to clean.")
        return
    for leftover in leftovers:
        typer.echo(f"{disk.readable(leftover.num_bytes):>12}  {leftover.why}: {leftover.path}")
    total = disk.readable(sum(leftover.num_bytes for leftover in leftovers))
    if not yes:
        typer.confirm(f"Delete this and free {total}?", abort=True)
    freed_bytes, failed = 0, False
    for leftover in leftovers:
        try:
            freed_bytes += leftover.free()
        except FimbleError as error:
            failed = True
            typer.echo(str(error), err=True)
    typer.echo(f"{disk.readable(freed_bytes)} are free again.")
    if failed:
        raise typer.Exit(1)


def _found(everything: bool) -> Iterator[_Waste]:
    from fimble.index.places import places_gone
    from fimble.training.runs import remove_run, runs_gone
    from fimble.weights import adapters

    for leftover in (*store.leftovers(_needed_sources(), everything), *adapters.leftovers()):
        yield _Waste(leftover.path, leftover.num_bytes, leftover.why, partial(store.free, leftover))
    for place in places_gone():
        why = f"index of {place.root}, which is gone"
        yield _Waste(place.folder, place.num_bytes, why, partial(_remove_index, place))
    for folder, root in runs_gone():
        why = f"training on {root}, which is gone"
        yield _Waste(folder, disk.folder_bytes(folder), why, partial(remove_run, folder))


def _remove_index(place: Place) -> int:
    num_bytes = place.num_bytes
    with place.locked(wait=False) as is_ours:
        if not is_ours:
            return 0
        place.remove()
    return num_bytes


def _needed_sources() -> set[str]:
    """Digests of the sources that some model can be prepared from again.

    Where an entry cannot be read nobody knows which source it needs, so all are.
    """
    entries, complaints = catalog.entries()
    for complaint in complaints:
        typer.echo(complaint, err=True)
    needed = {entry.file.sha256 for entry in entries}
    for item in store.installed():
        try:
            needed.add(manifest.read(item.folder).source_sha256)
        except ModelFolderInvalid:
            continue
    if complaints and store.sources_folder().is_dir():
        needed |= {folder.name for folder in store.sources_folder().iterdir()}
    return needed
