"""``fimble bench load``: several windows that type at once, on one daemon."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble.cli.bench.output import Json, bar, show
from fimble.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from fimble.bench.load import Memory

_SHARED = ("models", "encoders", "sources", "catalogue")
"""What of fimble's home the daemon of the benchmark has too; the rest is its own."""


def load(
    sessions: Annotated[int, typer.Option(min=1, max=64, help="Windows that type at once.")] = 8,
    corpus: Annotated[
        Path | None,
        typer.Option(help="A folder of source files; without it flask, requests and rich, fetched once from PyPI."),
    ] = None,
    keystrokes: Annotated[int, typer.Option(min=1, max=100_000, help="In each window.")] = 150,
    seed: int = 11,
    in_process: Annotated[bool, typer.Option(help="Give each window a process of its own, to compare.")] = False,
    as_json: Json = False,
) -> None:
    """Time to a suggestion, fairness and memory with several windows on one daemon; the first one types fastest."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import corpus as sources
    from fimble.bench import load as bench
    from fimble.bench import packages, script
    from fimble.bench.editor import SERVER

    if os.name == "nt":
        raise ConfigError("There is no daemon on Windows yet.", "See docs/daemon.md.")
    command = (*SERVER[:-1], "--in-process" if in_process else "--daemon")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        if corpus is None:
            corpus = packages.fetch(on_package=bar(progress, "fetching the sources", len(packages.DEFAULT)))
        files = sources.read(corpus)
        scripts = [script.write(files, keystrokes, seed + number) for number in range(sessions)]
        scripts[0] = bench.hurried(script.write(files, keystrokes * 2, seed))
        task = progress.add_task(f"{sessions} windows", total=sum(len(each.steps) for each in scripts))
        with _own_home():
            measure = _memory_alone if in_process else _memory
            result = bench.run(scripts, command, measure, lambda: progress.advance(task))
    if as_json:
        show(result, as_json)
    else:
        _print(result)


@contextmanager
def _own_home() -> Iterator[None]:
    """A daemon of the benchmark's own, that no editor uses, and that ends with the last window."""
    from fimble.config import home

    before = {name: os.environ.get(name) for name in ("FIMBLE_HOME", "FIMBLE_DAEMON_IDLE_MINUTES")}
    with tempfile.TemporaryDirectory(prefix="fimble-load-") as name:
        for part in _SHARED:
            if (home() / part).exists():
                (Path(name) / part).symlink_to(home() / part)
        os.environ |= {"FIMBLE_HOME": name, "FIMBLE_DAEMON_IDLE_MINUTES": "0"}
        try:
            yield
        finally:
            for variable, value in before.items():
                os.environ.pop(variable, None)
                if value is not None:
                    os.environ[variable] = value


def _memory(num_sessions: int) -> Memory:
    """Of the daemon, its index process and all proxies."""
    import psutil

    from fimble.bench.load import Memory
    from fimble.cli import through
    from fimble.daemon.hello import STATUS
    from fimble.daemon.launching import find

    met = find(through.here(), through.hello(wants=STATUS))
    if met is None:
        raise EngineError("There is no daemon: the windows have servers of their own.", "See 'fimble daemon'.")
    met.socket.close()
    daemon = psutil.Process(met.reply.pid)
    processes = [daemon, *daemon.children(recursive=True), *psutil.Process().children(recursive=True)]
    return Memory(num_sessions, _pss_mb(processes), float(met.reply.facts.get("kv_mb", 0.0)))


def _memory_alone(num_sessions: int) -> Memory:
    import psutil

    from fimble.bench.load import Memory

    return Memory(num_sessions, _pss_mb(psutil.Process().children(recursive=True)), 0.0)


def _pss_mb(processes: list[Any]) -> float:
    """Proportional set sizes together; where the system does not tell them, what each has for itself."""
    import psutil

    total = 0
    for process in {process.pid: process for process in processes}.values():
        try:
            found = process.memory_full_info()
        except psutil.Error:
            continue  # it has just ended
        total += getattr(found, "pss", found.uss)
    return total / 2**20


def _print(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{result['num_sessions']} windows that type at once")
    for name in ("window", *result["sessions"][0]):
        table.add_column(name.replace("_", " "), justify="right")
    for number, session in enumerate(result["sessions"], 1):
        table.add_row(f"{number}, the fastest" if number == 1 else str(number), *map(str, session.values()))
    console = Console()
    console.print(table)
    console.print(
        f"95 of 100 answers within {result['busiest_p95_ms']:.0f} ms in the fastest window: "
        f"{result['busiest_to_median']} x the median window; {result['unanswered']} keys without an answer."
    )
    for each in result["memory"]:
        console.print(f"{each['sessions']} windows: {each['pss_mb']} MB, of which {each['kv_mb']} MB keys and values")
    console.print(f"ready after {', '.join(f'{seconds} s' for seconds in result['ready_s'])}")
