"""What the benchmarks' commands share: options, progress bars, and how a result is printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble.config import apply, load
from fimble.errors import ConfigError, FimbleError

if TYPE_CHECKING:
    from rich.progress import Progress

    from fimble.config import Config

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Peer = Annotated[str, typer.Option(help="Measure this peer in the same run: llama-cpp.")]


def configuration(options: dict[str, Any]) -> Config:
    """The user's configuration with a command's own options laid over it."""
    config, complaints = load()
    config, more = apply(config, options, "command line")
    for complaint in complaints + more:
        typer.echo(complaint, err=True)
    return config


def show(result: dict[str, Any], as_json: bool) -> None:
    """One JSON object, or a line for each figure."""
    if as_json:
        typer.echo(json.dumps(result))
    else:
        for name, value in result.items():
            typer.echo(f"{name:20} {value}")


def bar(progress: Progress, title: str, total: int) -> Callable[[int], None]:
    """A new progress bar; it is told each step's number, from 0."""
    task = progress.add_task(title, total=total)
    return lambda number: progress.update(task, completed=number + 1)


def check_peer(peer: str) -> bool:
    """Whether a peer is wanted. Raises ``ConfigError`` for one that there is not."""
    if peer not in ("", "llama-cpp"):
        raise ConfigError(f"There is no peer called {peer!r}.", "The peer is llama-cpp.")
    return bool(peer)


def peer_files(config: Config) -> tuple[Path, Path, int]:
    """For llama.cpp: the folder it is installed in, the model's source file, and the number of threads."""
    import psutil

    from fimble.config import home
    from fimble.weights import catalog, store

    file = catalog.find(config.model).file
    source = store.source_folder(file.sha256) / file.name
    if not source.is_file():
        raise FimbleError(f"The source file of {config.model} is not on this disk.", "Run 'fimble setup' first.")
    return home() / "peers" / "llama-cpp", source, config.num_threads or psutil.cpu_count(logical=False) or 1
