"""``fimble generate "..."``: code that does what a sentence says, checked before it is printed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.asking import Json, Provider

if TYPE_CHECKING:
    from fimble.config import Config


def generate(
    instruction: Annotated[
        str, typer.Argument(help="What to write, in plain words; - or nothing reads standard input.")
    ] = "",
    lang: Annotated[str, typer.Option(help="The language to write it in.")] = "python",
    as_json: Json = False,
    provider: Provider = "",
) -> None:
    """Write code from an instruction and print it.

    Only the code goes to standard output; what checks say, to standard error.
    The exit code is 1 where no answer passed its checks; no code is printed then.
    """
    from fimble.cli.answer import Answer, put
    from fimble.cli.asking import asked, configuration
    from fimble.cli.source import language_called
    from fimble.engine.base import CancelToken
    from fimble.features.actions.program import program_task

    config = configuration(provider)
    language = language_called(lang)
    task = program_task(_wanted(instruction, config), language)
    with asked(config, language.name) as model:
        generated = model.generator.generate(task, CancelToken(), model.on_text)
    best = generated.best
    num_attempts = len(generated.attempts)
    answer = Answer(
        best.code if generated.is_sound else "",
        language.name,
        best.findings,
        "" if generated.is_sound else f"No {language.name} code passed its checks in {num_attempts} attempts.",
        num_attempts,
        generated.latency_ms,
        model.name,
        model.provider,
        "" if generated.is_sound else best.code,
    )
    if as_json:
        put(answer.record("code", {}), "\n")
    else:
        put(answer.text)
        answer.tell()
    if not answer.passed:
        raise typer.Exit(1)


def _wanted(instruction: str, config: Config) -> str:
    """What to write. Raises ``ConfigError`` where nobody said it, ``DocumentError`` for what is no text."""
    from fimble.cli.source import STANDARD_INPUT, piped
    from fimble.errors import ConfigError

    is_asked = instruction == STANDARD_INPUT or not (instruction or (sys.stdin and sys.stdin.isatty()))
    wanted = piped(config) if is_asked else instruction
    if not wanted.strip():
        raise ConfigError("There is no instruction.", 'For example: fimble generate "a function that adds two numbers"')
    return wanted
