"""``fimble bench generate``: from an instruction to a function that passes its tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fimble.cli.bench.output import Json, bar, configuration, show

_WAYS = {"bare": ("BARE",), "checks": ("CHECKS",), "examples": ("EXAMPLES",), "all": ("BARE", "CHECKS", "EXAMPLES")}


def generate(
    data: Annotated[Path, typer.Option(help="HumanEval, .jsonl or .jsonl.gz.")],
    limit: Annotated[int, typer.Option(min=0, help="How many problems to draw; 0 for all.")] = 0,
    seed: int = 11,
    execute: Annotated[bool, typer.Option("--execute", help="Run the tests, in a limited process.")] = False,
    ways: Annotated[str, typer.Option(help=f"{', '.join(_WAYS)}: what stands beside the model.")] = "all",
    records: Annotated[Path | None, typer.Option(help="Write each outcome here, a line of JSON each.")] = None,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """pass@1 of generated functions: the bare model, with the checks, and with the docstrings' own examples."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import generate as bench
    from fimble.checks import execution
    from fimble.cli.wiring import generator_on, load_engine
    from fimble.errors import ConfigError

    if ways not in _WAYS:
        raise ConfigError(f"There is no way {ways!r}.", f"The ways are {', '.join(_WAYS)}.")
    if execute:
        execution.check_platform()
    problems = bench.read_problems(data, limit, seed)
    result: dict[str, Any] = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        loaded = load_engine(configuration({"provider": provider}))
        generator = generator_on(loaded)
        solved: dict[bench.Way, list[bench.Solved]] = {}
        for way in (bench.Way[name] for name in _WAYS[ways]):
            tick = bar(progress, way.value, len(problems))
            solved[way] = bench.solve(problems, generator, way, execute, tick)
            result[way.value] = bench.summary(solved[way])
            if bench.Way.BARE in solved and way is not bench.Way.BARE:
                result[way.value]["more_than_bare"] = bench.difference(solved[way], solved[bench.Way.BARE])
        loaded.engine.close()
    if records is not None:
        bench.write(records, solved)
    show(result, as_json)
