"""``fimble bench anchors``: how well the model knows a line, depending on where its prompt's prefix ends."""

from __future__ import annotations

from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def anchors(
    holes: Annotated[int, typer.Option(min=2, help="How many lines to cut out.")] = 200,
    seed: int = 11,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """Nats that a true line costs, on holes in flask, requests and rich."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import anchors as bench
    from fimble.bench import corpus, packages, spans
    from fimble.cli.wiring import family_of, load_engine
    from fimble.prompt.build import bind

    files = tuple(file for file in corpus.read(packages.fetch()) if file.language == "python")
    chosen = spans.spans(files, holes, seed, "line")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        config = configuration({"provider": provider})
        loaded = load_engine(config)
        prompts = bind(family_of(loaded.manifest.prompt_family), loaded.tokenizer)
        tick = bar(progress, "anchors", len(chosen))
        result = bench.measure(loaded.engine, loaded.tokenizer, prompts, chosen, config.prompt_tokens, tick)
        loaded.engine.close()
    show(result, as_json)
