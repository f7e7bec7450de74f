"""``fimble daemon``: how the process for all windows is, and to end it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fimble.daemon.hello import Reply

app = typer.Typer(add_completion=False)
_ASK_S = 5.0


@app.callback(invoke_without_command=True)
def status(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Say how the process is that all windows share: who it serves, with what, and where its log is.

    Exits with 1 where none runs.
    """
    if ctx.invoked_subcommand is not None:
        return
    from fimble.cli import through
    from fimble.daemon.hello import STATUS

    reply = _ask(STATUS)
    if as_json:
        print(json.dumps(asdict(reply) if reply else None, indent=2))
    elif reply is None:
        print(f"No daemon runs. Its log is {through.here().log}.")
    else:
        for line in lines(reply):
            print(line)
    if reply is None:
        raise typer.Exit(1)


@app.command()
def stop() -> None:
    """End it. Windows that are open lose nothing and start another one."""
    from fimble.daemon.hello import STOP

    reply = _ask(STOP)
    if reply is None:
        print("No daemon runs.")
        return
    num_windows = reply.facts.get("windows", 0)
    print(f"It ends (process {reply.pid}).")
    if num_windows:
        print(f"{num_windows} open window{'s' * (num_windows != 1)} will start another one.")


@app.command(hidden=True)
def run(ready: Annotated[int | None, typer.Option(help="Descriptor to tell that it listens.")] = None) -> None:
    """Be it; windows do that by themselves."""
    from fimble.cli.wiring_daemon import run as run_daemon

    run_daemon(ready)


def lines(reply: Reply) -> list[str]:
    """What a person reads of a daemon."""
    facts: dict[str, Any] = dict(reply.facts)
    uptime_s = int(facts.pop("uptime_s", 0))
    said = [
        f"fimble {reply.version}, process {reply.pid}, for {uptime_s // 60} min {uptime_s % 60} s",
        f"windows   {facts.pop('windows', 0)}",
        f"memory    {facts.pop('memory_mb', 0)} MB",
    ]
    return said + [f"{name:<9} {value}" for name, value in facts.items() if value is not None]


def _ask(wants: str) -> Reply | None:
    """The answer of the daemon that runs; nothing where none does. Raises ``DaemonUnavailable``."""
    from fimble.cli import through
    from fimble.daemon.launching import find

    if not hasattr(os, "geteuid"):
        return None
    met = find(through.here(), through.hello(wants=wants), _ASK_S)
    if met is None:
        return None
    met.socket.close()
    return met.reply
