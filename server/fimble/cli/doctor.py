"""``fimble doctor``: what is installed, what it runs on and why, and how to set an editor up."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fimble.cli.diagnosis import Diagnosis


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what is installed, what it runs on and why, and how to set an editor up.

    Exits with 1 when something keeps fimble from working well.
    """
    from fimble.cli.diagnosis import diagnose
    from fimble.cli.editors import checkout, snippets

    found = diagnose()
    editors = snippets(found.command, checkout())
    if as_json:
        print(json.dumps({**asdict(found), "editors": editors}, indent=2))
    else:
        _print(found, editors)
    if found.problems:
        raise typer.Exit(1)


def _print(found: Diagnosis, editors: dict[str, str]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    for title, lines in _sections(found):
        console.print(f"[bold]{title}[/bold]")
        for line in lines:
            console.print(f"  {escape(line)}")
    for editor, snippet in editors.items():
        console.print(f"\n[bold]{editor}[/bold]")
        console.print(escape(snippet))
    console.print()
    for problem in found.problems:
        console.print(f"[bold red]Problem:[/bold red] {escape(problem)}")
    if not found.problems:
        console.print("[bold green]No problem found.[/bold green]")


def _sections(found: Diagnosis) -> Iterable[tuple[str, list[str]]]:
    machine, runtime = found.machine, found.runtime
    yield (
        f"fimble {found.version}",
        [
            f"command   {' '.join(found.command)}",
            f"Python    {found.python_version}, {found.python}",
            "packages  " + ", ".join(f"{name} {version}" for name, version in found.packages.items()),
        ],
    )
    yield (
        "Machine",
        [
            machine.system,
            f"{machine.cpu}, {machine.num_physical_cores or '?'} cores, {machine.memory_mb} MB of memory",
            "int8 helpers: " + (", ".join(machine.vector_flags) or "unknown"),
        ],
    )
    wheels = ", ".join(f"{version} ({flavour} wheel)" for flavour, version in runtime.wheels.items())
    yield (
        "onnxruntime",
        [
            wheels or "not installed",
            f"runs on   {runtime.provider or 'nothing'}",
            *([f"not CUDA: {runtime.why_not_cuda}"] if runtime.why_not_cuda else []),
        ],
    )
    yield (
        "Models",
        [
            f"kept in   {found.home} ({found.free_mb} MB free)",
            *(
                f"{model.name} {model.precision}, {model.size_mb} MB: {model.problem or 'ready'}"
                for model in found.models
            ),
            *([] if found.models else ["none"]),
        ],
    )
    there = found.endpoint
    if there is not None:
        yield (
            "Endpoint",
            [
                f"code goes to   {there.host}{'' if there.is_encrypted else ' (not encrypted)'}",
                f"model          {there.model or 'unknown'}, asked as {there.family or 'nothing'}",
                f"key            {'sent' if there.has_key else 'none'}",
                there.problem or "it answers",
            ],
        )
    else:
        yield "Endpoint", ["none: no code leaves this machine"]
    yield "Daemon", found.daemon["lines"] if found.daemon else ["none runs; the first window starts it"]
    yield "Options", [f"{name} = {value}" for name, value in found.options.items()]
