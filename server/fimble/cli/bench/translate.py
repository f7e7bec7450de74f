"""``fimble bench translate``: functions in another language, run with their own tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fimble.cli.bench.output import Json, bar, configuration, show


def translate(
    data: Annotated[Path, typer.Option(help="HumanEval-X in the language to translate from, .jsonl or .jsonl.gz.")],
    tests: Annotated[Path, typer.Option(help="HumanEval-X in the language to translate to.")],
    source: Annotated[str, typer.Option("--from", help="The language of --data.")] = "python",
    to: Annotated[str, typer.Option("--to", help="The language of --tests.")] = "javascript",
    limit: Annotated[int, typer.Option(min=0, help="How many problems to draw; 0 for all.")] = 0,
    seed: int = 11,
    execute: Annotated[bool, typer.Option("--execute", help="Run the tests, in a limited process.")] = False,
    bare: Annotated[bool, typer.Option("--bare", help="The model's first answer, without checks.")] = False,
    against_bare: Annotated[bool, typer.Option("--against-bare", help="Both, and the difference.")] = False,
    run_examples: Annotated[bool, typer.Option(help="Whether answers are tried beside their source.")] = True,
    records: Annotated[
        Path | None,
        typer.Option(help="Write each answer to this file, a JSON a line; an interrupted run goes on where it ended."),
    ] = None,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Json = False,
) -> None:
    """pass@1 of translated functions, with the checks and without them."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble import __version__
    from fimble.bench import translate as bench
    from fimble.bench.journal import Journal
    from fimble.cli.wiring import load_engine
    from fimble.cli.wiring_instructed import generator_on
    from fimble.errors import ConfigError

    if bare and against_bare:
        raise ConfigError("--bare and --against-bare exclude each other.", "The latter measures both.")
    languages = bench.check_languages(source, to, execute)
    problems = bench.read_problems(data, tests, limit, seed)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        loaded = load_engine(configuration({"provider": provider}))
        heading = {
            "bench": "translate",
            "languages": list(languages),
            "is_bare": bare,
            "is_executed": execute,
            "run_examples": run_examples,
            "model": loaded.engine.info.model,
            "version": __version__,
        }
        journal = Journal(records, heading)
        tick = bar(progress, "the bare model" if bare else "fimble", len(problems))
        translated = bench.run(problems, generator_on(loaded), languages, bare, execute, journal, tick, run_examples)
        loaded.engine.close()
    result: dict[str, Any] = bench.summary(translated, bare)
    if against_bare:
        result["bare"] = bench.summary(translated, True)
        if execute:
            result["difference"] = bench.difference(translated)
    show(result, as_json)
