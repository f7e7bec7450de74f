"""``fimble bench typing``: keystrokes through real source files, beside llama.vim on llama.cpp."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble.cli.bench.output import Json, Peer, bar, check_peer, configuration, peer_files, show

if TYPE_CHECKING:
    from fimble.bench.typing import Peer as PeerStart


def typing(
    corpus: Annotated[
        Path | None,
        typer.Option(help="A folder of source files; without it flask, requests and rich, fetched once from PyPI."),
    ] = None,
    keystrokes: Annotated[int, typer.Option(min=1, max=100_000)] = 300,
    seed: int = 11,
    peer: Peer = "",
    peer_batch: Annotated[
        int, typer.Option(min=0, help="The peer's --batch-size, which cuts its prompts; 0: uncut.")
    ] = 0,
    peer_cache_reuse: Annotated[int, typer.Option(min=0, help="The peer's --cache-reuse; 0: off.")] = 0,
    home: Annotated[Path | None, typer.Option(help="Use this FIMBLE_HOME.")] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Write each keystroke's result to this file, a JSON a line.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Time to a suggestion, and how many are right, while a person types."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import corpus as sources
    from fimble.bench import packages, script
    from fimble.bench import typing as bench

    has_peer = check_peer(peer)
    if home is not None:
        os.environ["FIMBLE_HOME"] = str(home.resolve())
    with Progress(console=Console(stderr=True), transient=True) as progress:
        if corpus is None:
            corpus = packages.fetch(on_package=bar(progress, "fetching the sources", len(packages.DEFAULT)))
        keys = script.write(sources.read(corpus), keystrokes, seed)
        result = bench.run(
            keys,
            _peer(peer_batch, peer_cache_reuse) if has_peer else None,
            lambda title: bar(progress, title, len(keys.steps)),
            trace,
        )
    if as_json:
        show(result, as_json)
    else:
        _print(result)


def _peer(batch_tokens: int, cache_reuse: int) -> PeerStart:
    from fimble.bench import llama_vim
    from fimble.bench.llama_server import Options

    folder, source, num_threads = peer_files(configuration({}))
    return lambda: llama_vim.start(folder, source, num_threads, Options(batch_tokens, cache_reuse))


def _print(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    peer = result.get("peer")
    table = Table(title=f"{result['num_keystrokes']} keystrokes", caption=peer and f"peer: {peer['name']}")
    table.add_column("figure")
    table.add_column("fimble", justify="right")
    if peer:
        table.add_column("peer", justify="right")
    for name, value in result.items():
        if name not in ("peer", "reasons", "num_keystrokes"):
            table.add_row(name, str(value), *([str(peer[name])] if peer else []))
    Console().print(table)
    for reason, number in sorted(result["reasons"].items(), key=lambda pair: -pair[1]):
        typer.echo(f"{number:5}  {reason or 'no answer'}")
