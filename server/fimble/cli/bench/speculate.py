"""``fimble bench speculate``: what checking guessed tokens gains, in turns with one token at a time."""

from __future__ import annotations

from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def speculate(
    requests: Annotated[int, typer.Option(min=1, help="How many holes to fill.")] = 40,
    seed: int = 11,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """Decode speed with speculation and without it, on holes in flask, requests and rich."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import corpus, packages, spans
    from fimble.bench import speculate as bench
    from fimble.cli.wiring import family_of, load_engine

    files = tuple(file for file in corpus.read(packages.fetch()) if file.language == "python")
    holes = [span for kind in ("rest", "newline", "block") for span in spans.spans(files, requests, seed, kind)]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        loaded = load_engine(configuration({"provider": provider}))
        family = family_of(loaded.manifest.prompt_family)
        asked = bench.requests_at(holes[:: max(1, len(holes) // requests)][:requests], loaded.tokenizer, family)
        result = bench.measure(loaded.decoder, asked, seed, bar(progress, "speculation", len(asked)))
        loaded.engine.close()
    show(result, as_json)
