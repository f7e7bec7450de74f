"""``fimble bench fill``: holes in programs, filled by the whole pipeline or by the bare model."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


class Place(Enum):
    """Where the cursor stands on the missing line."""

    INDENTED = "indented"
    COLUMN1 = "column1"


def fill(
    data: Annotated[Path, typer.Option(help="A HumanEval-Infilling file, .jsonl or .jsonl.gz.")],
    limit: Annotated[int, typer.Option(min=0, help="How many items to draw; 0 for all.")] = 0,
    seed: int = 11,
    execute: Annotated[
        bool, typer.Option("--execute", help="Run each filled program's tests, in a limited process.")
    ] = False,
    cursor: Annotated[
        Place, typer.Option(help="Behind the line's indentation, or at its first column.")
    ] = Place.INDENTED,
    raw: Annotated[bool, typer.Option("--raw", help="The bare model with the plain prompt, without fimble.")] = False,
    against_raw: Annotated[bool, typer.Option("--against-raw", help="Both, and the difference item by item.")] = False,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """Exact match and pass@1 of infilled programs."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import fill as bench
    from fimble.bench.plain import PlainModel
    from fimble.checks import execution
    from fimble.cli.wiring import family_of, load_feature

    if execute:
        execution.check_platform()
    items = bench.read_items(data, limit, seed)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        model = load_feature(configuration({"provider": provider}))
        plain = PlainModel(model.loaded.engine, model.loaded.tokenizer, family_of(model.loaded.manifest.prompt_family))

        def through_fimble(item: bench.Item) -> bench.Filled:
            return bench.fill_with_pipeline(model.feature, item, cursor.value)

        def bare(item: bench.Item) -> bench.Filled:
            return bench.fill_plainly(plain, item)

        result: dict[str, Any] = {}
        if not raw:
            ours = bench.run(items, through_fimble, execute, bar(progress, "fimble", len(items)))
            result = ours.to_json() | {"cursor": cursor.value}
        if raw:
            result = bench.run(items, bare, execute, bar(progress, "the bare model", len(items))).to_json()
        elif against_raw:
            theirs = bench.run(items, bare, execute, bar(progress, "the bare model", len(items)))
            result |= {"raw": theirs.to_json(), "difference": bench.difference(ours, theirs)}
        model.close()
    show(result, as_json)
