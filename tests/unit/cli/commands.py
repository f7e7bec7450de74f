"""Runs a command of ``fimble`` in this process, as the program itself does."""

from __future__ import annotations

from typer.testing import CliRunner

from fimble.cli.app import app


def run(*arguments: str, answer: str = "") -> str:
    """What the command prints. Raises what it raises, and ``SystemExit`` for an exit code above 0."""
    result = CliRunner().invoke(app, arguments, input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        print(result.output)
        raise result.exception
    if result.exit_code:
        raise SystemExit(f"{result.exit_code}: {result.output}")
    return result.output
