"""``fimble index``: makes a workspace searchable, says how far that is, or follows it for an editor."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble import config
from fimble.errors import FimbleError, FolderTooWide, IndexUnavailable
from fimble.index.places import Place, place_of, refuse_too_wide, workspace_around

if TYPE_CHECKING:
    from fimble.index.reader import Counts

_STAGES = {"words": "Reading the workspace", "meaning": "Learning what it means"}


def index(
    path: Annotated[
        Path | None, typer.Argument(help="The workspace's folder. The one around the current folder if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say what is in the index.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the workspace's index.")] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Keep it fresh for a program: JSON lines on standard input and output. Without PATH they say of which "
            "folders.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Index a workspace for search and for context from other files. The index stays on this machine."""
    if follow:
        raise typer.Exit(_follow(path, yes) if path is not None else _follow_ordered())
    place = place_of(path or workspace_around(Path().resolve()))
    if status:
        _print_status(place, as_json)
    elif remove:
        _remove(place, yes)
    else:
        _build(place, as_json, yes)


def _build(place: Place, as_json: bool, yes: bool) -> None:
    from rich.console import Console

    from fimble.cli.bars import Bars
    from fimble.cli.wiring_index import make_indexer
    from fimble.index.store import Store
    from fimble.privacy import Privacy

    if not yes:
        try:
            refuse_too_wide(place.root)
        except FolderTooWide as error:
            _ask(error)
    options, complaints = config.load()
    for complaint in complaints:
        typer.echo(complaint, err=True)
    privacy = Privacy(options.disabled_paths, [place.root])
    if why := privacy.why_not(place.root):
        raise IndexUnavailable(f"{place.root} is not read.", why)
    begun_s = time.monotonic()
    console = Console(stderr=True)
    with place.locked(wait=False) as is_ours, Bars(console) as bars:
        if not is_ours:
            raise IndexUnavailable(
                f"Another fimble keeps the index of {place.root}.",
                "It is an editor that is open there, or another `fimble index`.",
            )
        place.begin()
        store = Store.open(place.folder, bars.say, options.index_mb)
        try:
            indexer = make_indexer(place, options)(store, privacy, bars.say)
            indexer.scan(
                lambda progress: bars.on_fraction(_STAGES[progress.phase], progress.done / max(progress.total, 1))
            )
        finally:
            store.close()
    _print_status(place, as_json, time.monotonic() - begun_s)


def _follow(path: Path, yes: bool) -> int:
    """One folder, until the input ends. The exit status."""
    from fimble.cli.wiring_index import make_worker
    from fimble.index.keeper import IS_HOME
    from fimble.index.orders import Wish, print_line, read_orders
    from fimble.index.priority import lower_priority

    try:
        options, _ = config.load()
        wish = Wish(options.index_max_files, options.index_mb, is_allowed=yes)
        worker = make_worker(str(path), wish, (), print_line)
        if not options.index:
            print_line({"note": "The option index is off."})
            return 0
        place_of(path).begin()
        lower_priority()
        # the editor is gone, so nobody waits for what is being done; what is committed stays
        read_orders(sys.stdin, worker.orders.put, lambda: os._exit(0))
        worker.run()
    except FolderTooWide as error:
        print_line({"problem": error.what, "code": IS_HOME})
        return error.exit_code
    except FimbleError as error:
        print_line({"problem": str(error)})
        return error.exit_code
    return 0


def _follow_ordered() -> int:
    """The folders that the orders name, until the input ends. The exit status."""
    from fimble.cli.wiring_index import make_worker
    from fimble.index.keeper import Keeper
    from fimble.index.orders import print_line, read_orders
    from fimble.index.priority import lower_priority

    lower_priority()
    keeper = Keeper(make_worker, print_line)
    read_orders(sys.stdin, keeper.hear, lambda: os._exit(0)).join()
    return 0


def _ask(error: FolderTooWide) -> None:
    if not sys.stdin.isatty():
        raise error
    typer.confirm(f"{error.what} Index it all the same?", abort=True)


def _remove(place: Place, yes: bool) -> None:
    if not place.folder.is_dir():
        typer.echo("There is no index to delete.")
        return
    if not yes:
        typer.confirm(f"Delete the index of {place.root}?", abort=True)
    with place.locked(wait=False) as is_ours:
        if not is_ours:
            raise IndexUnavailable(
                f"Another fimble keeps the index of {place.root}.", "Close the editor that is open there first."
            )
        place.remove()
    typer.echo("The index is deleted.")


def _print_status(place: Place, as_json: bool, took_s: float | None = None) -> None:
    from fimble.index.reader import Reader
    from fimble.weights.disk import readable

    reader = Reader(place.folder)
    counts = reader.counts()
    reader.close()
    if as_json:
        typer.echo(json.dumps(_to_json(place, counts, took_s), indent=2))
    elif not place.is_there:
        typer.echo(f"{place.root} is not indexed.")
    else:
        took = "" if took_s is None else f" in {took_s:.1f} s"
        typer.echo(f"{place.root}: {counts.num_files} files, {counts.num_chunks} pieces{took}.")
        if not counts.is_words_complete:
            typer.echo("Not every file has been read yet; `fimble index` goes on.")
        if counts.num_vectors:
            typer.echo(f"{counts.num_vectors} of {counts.num_chunks} can be found by their meaning.")
        typer.echo(f"The index takes {readable(place.num_bytes)} in {place.folder}.")


def _to_json(place: Place, counts: Counts, took_s: float | None) -> dict[str, Any]:
    return {
        "workspace": str(place.root),
        "folder": str(place.folder),
        "num_files": counts.num_files,
        "num_chunks": counts.num_chunks,
        "num_vectors": counts.num_vectors,
        "num_missing_vectors": counts.num_missing_vectors,
        "is_words_complete": counts.is_words_complete,
        "num_bytes": place.num_bytes,
        "seconds": None if took_s is None else round(took_s, 3),
    }
