"""``fimble bench startup``: how long an editor waits for the server's first answer."""

from __future__ import annotations

from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, show


def startup(
    starts: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """Time from process start to the server's answer to initialize."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import startup as bench

    with Progress(console=Console(stderr=True), transient=True) as progress:
        result = bench.run(starts, bar(progress, "starting the server", starts))
    show(result, as_json)
