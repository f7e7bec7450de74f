"""``fimble bench generate``: from an instruction to a function that passes its tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def generate(
    data: Annotated[Path, typer.Option(help="HumanEval, .jsonl or .jsonl.gz.")],
    limit: Annotated[int, typer.Option(min=0, help="How many problems to draw; 0 for all.")] = 0,
    seed: int = 11,
    execute: Annotated[bool, typer.Option("--execute", help="Run the tests, in a limited process.")] = False,
    records: Annotated[Path | None, typer.Option(help="Write each outcome here, a line of JSON each.")] = None,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """pass@1 of generated functions: the bare model, with the checks, and with the docstrings' own examples."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import generate as bench
    from fimble.checks import execution
    from fimble.cli.wiring import load_engine
    from fimble.cli.wiring_instructed import generator_on

    if execute:
        execution.check_platform()
    problems = bench.read_problems(data, limit, seed)
    if records is not None:
        records.write_text("", encoding="utf-8")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        loaded = load_engine(configuration({"provider": provider}))
        tick = bar(progress, "generate", len(problems))

        def on_solved(number: int, ways: Mapping[bench.Way, bench.Solved]) -> None:
            tick(number)
            if records is not None:
                with records.open("a", encoding="utf-8") as file:
                    file.writelines(bench.record(way, one) for way, one in ways.items())

        solved = bench.solve(problems, generator_on(loaded), execute, on_solved)
        loaded.engine.close()
    result: dict[str, Any] = {way.value: bench.summary(outcomes) for way, outcomes in solved.items()}
    if execute:
        for way in (bench.Way.CHECKS, bench.Way.EXAMPLES):
            result[way.value]["more_than_bare"] = bench.difference(solved[way], solved[bench.Way.BARE])
    result["mean_ms"] = bench.mean_ms(solved[bench.Way.EXAMPLES])
    show(result, as_json)
