"""``fimble bench document``: docstrings for real functions, scored by stated rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def document(
    source: Annotated[
        Path | None,
        typer.Option(help="A folder of Python files; without it flask, requests and rich, fetched once from PyPI."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many functions to draw; 0 for all.")] = 500,
    seed: int = 11,
    records: Annotated[
        Path | None,
        typer.Option(
            help="Write each docstring to this file, a JSON a line; an interrupted run goes on where it ended."
        ),
    ] = None,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """Does documenting leave the code alone, and do docstrings name what the function has?"""
    from rich.console import Console
    from rich.progress import Progress

    from fimble import __version__
    from fimble.bench import corpus, docstrings, functions, packages
    from fimble.bench import document as bench
    from fimble.bench.journal import Journal
    from fimble.cli.wiring import load_engine
    from fimble.cli.wiring_instructed import actions_on
    from fimble.errors import ConfigError

    docstrings.check_parser()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        if source is None:
            source = packages.fetch(on_package=bar(progress, "fetching the sources", len(packages.DEFAULT)))
        drawn = functions.draw(corpus.read(source), limit, seed)
        loaded = load_engine(configuration({"provider": provider}))
        actions = actions_on(loaded)
        if actions is None:
            raise ConfigError(f"{loaded.engine.info.model} does not follow instructions.", "Choose an instruct model.")
        heading = {"bench": "document", "model": loaded.engine.info.model, "version": __version__}
        documented = bench.run(drawn, actions, Journal(records, heading), bar(progress, "document", len(drawn)))
        loaded.engine.close()
    show(bench.summary(drawn, documented), as_json)
