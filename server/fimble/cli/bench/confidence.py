"""``fimble bench confidence``: fit what a model's probabilities are worth, and show how reliable that is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show

if TYPE_CHECKING:
    from fimble.bench import spans

KINDS: tuple[spans.Kind, ...] = ("rest", "line", "newline")


def confidence(
    corpus: Annotated[Path | None, typer.Option(help="Source files to show the reliability on.")] = None,
    fit: Annotated[bool, typer.Option("--fit", help="Fit on flask, requests and rich first.")] = False,
    num: Annotated[int, typer.Option(min=10, help="Spans of each kind.")] = 150,
    seed: int = 11,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """How often suggestions of a given confidence are right."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import confidence as bench
    from fimble.bench import corpus as files
    from fimble.bench import packages, spans
    from fimble.cli.wiring import load_feature
    from fimble.suggest.confidence import WEIGHTS

    with Progress(console=Console(stderr=True), transient=True) as progress:
        options = {"provider": provider, "eagerness": 100, "max_block_tokens": 40, "thorough": False}
        model = load_feature(configuration(options))

        def cases_of(folder: Path) -> list[bench.Case]:
            sources = tuple(file for file in files.read(folder) if file.language == "python")
            chosen = [span for kind in KINDS for span in spans.spans(sources, num, seed, kind)]
            tick = bar(progress, folder.name, len(chosen))
            cases: list[bench.Case] = []
            for number, span in enumerate(chosen):
                tick(number)
                cases += bench.collect(model.feature, [span])
            return cases

        weights: tuple[float, ...] = WEIGHTS
        result: dict[str, object] = {"weights": list(weights)}
        if fit:
            learned = cases_of(packages.fetch())
            weights = bench.fit(learned)
            result = {"weights": list(weights), "fitted_on": bench.report(learned, weights)}
        if corpus is not None:
            result["reliability"] = bench.report(cases_of(corpus), weights)
        model.close()
    show(result, as_json)
