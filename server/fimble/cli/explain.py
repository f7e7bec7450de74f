"""``fimble explain FILE:A-B``: what code does, in words, naming the lines that it speaks of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.asking import Json, Provider
from fimble.cli.place import Place, PlaceCommand, lines_in

if TYPE_CHECKING:
    from fimble.cli.source import Source
    from fimble.features.actions.action import Offer


app = typer.Typer(add_completion=False)


@app.command("explain", cls=PlaceCommand)
def explain(
    place: Annotated[
        str,
        typer.Argument(metavar="FILE:A-B", help="Lines, or one line for the function around it; - is standard input."),
    ],
    lang: Annotated[str, typer.Option(help="The language, where the name of the file does not tell.")] = "",
    as_json: Json = False,
    provider: Provider = "",
) -> None:
    """Explain code and print the explanation as Markdown.

    The exit code is 1 where no answer passed its checks.
    """
    from fimble.cli.answer import put
    from fimble.cli.asking import act, answer_of, configuration
    from fimble.cli.source import open_source

    config = configuration(provider)
    where = lines_in(place, "explain")
    source = open_source(where.file, lang, "--lang", config)
    done, model = act(_offer(source, where), source, config, "")
    answer = answer_of(done, model, done.markdown, source.language.name)
    if as_json:
        put(answer.record("markdown", {}), "\n")
    elif sys.stdout and sys.stdout.isatty():
        _render(answer.text)
    else:
        put(answer.text)
    if not as_json:
        answer.tell()
    if not answer.passed:
        raise typer.Exit(1)


def _offer(source: Source, where: Place) -> Offer:
    """The lines themselves; for one line the definition around it, where there is one. Raises ``DocumentError``."""
    from fimble.errors import ActionRefused
    from fimble.features.actions.action import Kind, Selection
    from fimble.features.actions.actions import offers
    from fimble.features.actions.explain import MAX_LINES

    start, end = source.span(where.first, where.last)
    around = [] if where.is_range else offers(Selection(source.snapshot, start, start), {Kind.EXPLAIN})
    found = around or offers(Selection(source.snapshot, start, end), {Kind.EXPLAIN})
    if not found:
        raise ActionRefused("There is nothing but space on these lines.", "Name lines with code.")
    if source.text.count("\n", found[0].start, found[0].end) >= MAX_LINES:
        typer.echo(f"Only the first {MAX_LINES} lines are explained.", err=True)
    return found[0]


def _render(markdown: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(markdown))
