"""``fimble bench actions``: how long a person waits for code actions."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, show


def actions(
    source: Annotated[
        Path | None,
        typer.Option(help="A folder with code; without it flask, requests and rich, fetched once from PyPI."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many functions.")] = 40,
    seed: int = 7,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds between the list and the choice: time to read ahead.")
    ] = 3.0,
    as_json: Json = False,
) -> None:
    """Time to the list of code actions, and from choosing Implement to the first of its answer."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import actions as bench
    from fimble.bench import corpus, packages
    from fimble.bench.editor import Editor

    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder,
    ):
        if source is None:
            source = packages.fetch(on_package=bar(progress, "fetching the sources", len(packages.DEFAULT)))
        chosen = bench.places(corpus.read(source), limit, seed)
        with Editor(Path(folder)) as editor:
            editor.start()
            result = bench.run(editor, chosen, wait, bar(progress, "code actions", len(chosen)))
    show(result, as_json)
