"""``fimble clean``: gives back the disk that ended runs, old sources, or everything, take up."""

from __future__ import annotations

from typing import Annotated

import typer

from fimble.errors import ModelFolderInvalid, WeightsError
from fimble.weights import adapters, catalog, disk, manifest, store


def clean(
    everything: Annotated[
        bool, typer.Option("--all", help="Delete the installed models and their source files as well.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete parts of downloads, half-written models and sources of no known model.

    And half-written adapters, and those of workspaces that are gone; all others stay, even with --all.
    """
    leftovers = [*store.leftovers(_needed_sources(), everything), *adapters.leftovers()]
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
            freed_bytes += store.free(leftover)
        except WeightsError as error:
            failed = True
            typer.echo(str(error), err=True)
    typer.echo(f"{disk.readable(freed_bytes)} are free again.")
    if failed:
        raise typer.Exit(1)


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
