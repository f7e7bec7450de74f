"""``fimble bench generate``: from an instruction to a function that passes its tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def generate(
    data: Annotated[Path, typer.Option(help="HumanEval, .jsonl or .jsonl.gz.")],
    limit: Annotated[int, typer.Option(min=0, help="How many problems to draw; 0 for all.")] = 0,
    seed: int = 11,
    execute: Annotated[bool, typer.Option("--execute", help="Run the tests, in a limited process.")] = False,
    bare: Annotated[bool, typer.Option("--bare", help="The model's first answer, without checks.")] = False,
    against_bare: Annotated[bool, typer.Option("--against-bare", help="Both, and the difference.")] = False,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """pass@1 of generated functions, with the checks and without them."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import execution
    from fimble.bench import generate as bench
    from fimble.cli.wiring import generator_on, load_engine
    from fimble.syntax.languages import find

    if execute:
        execution.check_platform()
    problems = bench.read_problems(data, limit, seed)
    python = find("python", "")
    assert python is not None
    with Progress(console=Console(stderr=True), transient=True) as progress:
        loaded = load_engine(configuration({"provider": provider}))
        generator = generator_on(loaded)

        def solve(title: str, is_bare: bool) -> list[bench.Solved]:
            tick = bar(progress, title, len(problems))
            return bench.run(problems, generator, python, is_bare, execute, tick)

        ours = solve("the bare model" if bare else "fimble", bare)
        result: dict[str, Any] = bench.summary(ours)
        if against_bare:
            theirs = solve("the bare model", True)
            result |= {"bare": bench.summary(theirs), "difference": bench.difference(ours, theirs)}
        loaded.engine.close()
    show(result, as_json)
