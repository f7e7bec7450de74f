"""``fimble bench shots``: would an example in the prompt help?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def shots(
    source: Annotated[
        Path | None,
        typer.Option(help="A folder of Python files; without it flask, requests and rich, fetched once from PyPI."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of its functions are documented.")] = 16,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """Implement and Document, each asked without and with one example before the question."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import corpus, docstrings, functions, packages
    from fimble.bench import shots as bench
    from fimble.checks.execution import check_platform
    from fimble.cli.wiring import load_engine
    from fimble.cli.wiring_instructed import generator_on

    check_platform()
    docstrings.check_parser()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        if source is None:
            source = packages.fetch(on_package=bar(progress, "fetching the sources", len(packages.DEFAULT)))
        drawn = functions.draw(corpus.read(source), limit, bench.SEED)
        loaded = load_engine(configuration({"provider": provider}))
        found = bench.run(generator_on(loaded), drawn)
        loaded.engine.close()
    show(found, as_json)
