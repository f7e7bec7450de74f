"""The program ``fimble``: which commands there are, and how errors reach a person.

A command's file is imported only when that command is asked for (or all of them are
listed), so that ``fimble serve`` pays for nothing but itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from fimble import __version__
from fimble.errors import FimbleError

COMMANDS: dict[str, str] = {
    "serve": "serve",
    "daemon": "app",
    "setup": "setup",
    "models": "app",
    "clean": "clean",
    "complete": "complete",
    "generate": "generate",
    "document": "app",
    "explain": "app",
    "translate": "translate",
    "doctor": "doctor",
    "demo": "demo",
    "stats": "stats",
    "index": "index",
    "search": "search",
    "dataset": "dataset",
    "train": "train",
    "bench": "app",
}
"""Command -> what its file ``cli/<command>.py`` offers: a function, or a typer app of sub-commands."""


class LazyGroup(TyperGroup):
    """A group that imports a command's file when the command is looked up."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in COMMANDS if _is_here(name)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS or not _is_here(cmd_name):
            return None
        if cmd_name not in self.commands:
            offered = getattr(importlib.import_module(f"fimble.cli.{cmd_name}"), COMMANDS[cmd_name])
            self.add_command(_as_command(cmd_name, offered), cmd_name)
        return self.commands[cmd_name]


def _is_here(name: str) -> bool:
    """Whether this installation has the command: an editor's has no benchmarks."""
    return importlib.util.find_spec(f"fimble.cli.{name}") is not None


def _as_command(name: str, offered: Any) -> Any:
    if isinstance(offered, typer.Typer):
        app = offered
    else:
        app = typer.Typer(add_completion=False)
        app.command(name)(offered)
    command = typer.main.get_command(app)
    command.name = name
    return command


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fimble {__version__}")
        raise typer.Exit


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def _fimble(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Local, private code completion over the Language Server Protocol."""


def _harmless(text: str) -> str:
    """``text`` without what a terminal would obey: names of files and what a hub answers may hold it."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit: 0, an error's ``exit_code``, 2 for wrong usage, 130 after Ctrl-C."""
    try:
        typer.main.get_command(app).main(args=arguments, prog_name="fimble")
    except FimbleError as error:
        print(f"fimble: {_harmless(error.what)}", file=sys.stderr)
        if error.hint:
            print(f"        {_harmless(error.hint)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)
