"""``fimble bench adapters``: switching between adapters in a loaded engine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def adapters(
    rank: Annotated[int, typer.Option(min=1, max=256)] = 16,
    parts: Annotated[str, typer.Option(help="What they change, of q,k,v,o,gate,up,down.")] = "q,k,v,o,down",
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Each switches to three adapters and back.")] = 10,
    as_json: Json = False,
) -> None:
    """Milliseconds of a switch, and the memory that it takes against an adapter's size."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import adapters as bench
    from fimble.cli.wiring import load_engine
    from fimble.errors import ConfigError
    from fimble.weights import store
    from fimble.weights.adapter import PARTS

    wanted = tuple(dict.fromkeys(part.strip() for part in parts.split(",")))
    if not set(wanted) <= set(PARTS):
        raise ConfigError(f"There are no parts {parts!r}.", f"The parts are {', '.join(PARTS)}.")
    loaded = load_engine(configuration({}))
    found = loaded.manifest
    with tempfile.TemporaryDirectory() as name, Progress(console=Console(stderr=True), transient=True) as progress:
        result = bench.run(
            loaded.decoder,
            store.model_folder(found.model, found.precision),
            found,
            Path(name),
            wanted,
            rank,
            rounds,
            bar(progress, "switching", rounds),
        )
    show(result, as_json)
