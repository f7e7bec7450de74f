"""``fimble bench crossfile``: lines that need another file, with and without the workspace's index."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show

if TYPE_CHECKING:
    from fimble.bench.crossfile import Timed
    from fimble.text import Cursor, Outcome


class Place(Enum):
    """Where the cursor stands."""

    LINE = "line"
    NAME = "name"


MAX_TOKENS = 64
"""Of an answer, of which only the first line counts."""


def crossfile(
    corpus: Annotated[
        Path | None, typer.Option(help="A Python project, or a folder of several; else two recent ones of PyPI.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many lines to draw.")] = 150,
    seed: int = 11,
    place: Annotated[
        Place, typer.Option("--cursor", help="Before all of the line, or before the name that needs another file.")
    ] = Place.LINE,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Weigh several answers, as for who asks; without it, the first one.")
    ] = False,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    trace: Annotated[Path | None, typer.Option(help="Write each line, its answers and its context here.")] = None,
    as_json: Json = False,
) -> None:
    """Exact match and edit similarity of lines that use a name of another file, with and without its definition."""
    import tempfile
    from dataclasses import replace

    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import crossfile as bench
    from fimble.bench import foreign, packages
    from fimble.cli.wiring import family_of, load_feature
    from fimble.engine.base import CancelToken
    from fimble.features.inline import InlineFeature

    folder = corpus or packages.fetch(packages.RECENT, packages.recent_folder())
    holes = foreign.holes(folder, limit, seed, place.value)
    config = configuration({"provider": provider, "thorough": thorough, "max_block_tokens": MAX_TOKENS})
    model = load_feature(config)
    family = family_of(model.loaded.manifest.prompt_family)

    def suggest(cursor: Cursor, elsewhere: Timed, with_index: bool) -> Outcome:
        options = replace(config, cross_file=with_index)
        feature = InlineFeature(model.loaded.engine, model.loaded.tokenizer, family, options, elsewhere)
        return feature.suggest(cursor, CancelToken())

    with Progress(console=Console(stderr=True), transient=True) as progress, tempfile.TemporaryDirectory() as name:
        run = bench.run(holes, Path(name), suggest, bar(progress, "lines", len(holes)))
    model.close()
    if trace is not None:
        trace.write_text(bench.trace(run), encoding="utf-8")
    show(bench.report(run) | {"cursor": place.value, "thorough": thorough}, as_json)
