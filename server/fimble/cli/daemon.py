"""``fimble daemon``: how the process for all windows is, and to end it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def status(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Say how the process is that all windows share: whom it serves, with what, and where its log is.

    Exits with 1 where none runs.
    """
    if ctx.invoked_subcommand is not None:
        return
    from fimble.cli import daemon_state
    from fimble.daemon.hello import STATUS

    reply = daemon_state.ask(STATUS)
    if as_json:
        print(json.dumps(asdict(reply) if reply else None, indent=2))
    elif reply is None:
        print("No daemon runs.")
    else:
        print("\n".join(daemon_state.lines(reply)))
    if reply is None:
        raise typer.Exit(1)


@app.command()
def stop() -> None:
    """End it. Windows that are open lose nothing and start another one."""
    from fimble.cli import daemon_state
    from fimble.daemon.hello import STOP

    reply = daemon_state.ask(STOP)
    if reply is None:
        print("No daemon runs.")
        return
    print(f"It ends (process {reply.pid}).")
    num_windows = reply.facts.get("windows", 0)
    if num_windows:
        print(f"{num_windows} open window{'s' * (num_windows != 1)} will start another one.")


@app.command(hidden=True)
def run(ready: Annotated[int | None, typer.Option(help="Descriptor to tell that it listens.")] = None) -> None:
    """Be it; windows do that by themselves."""
    from fimble.cli.wiring_daemon import run as run_daemon

    run_daemon(ready)
