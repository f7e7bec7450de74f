"""``fimble document FILE:LINE``: a docstring or doc comment for what stands there; the code is never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.asking import Json, Provider
from fimble.cli.place import PlaceCommand, line_in

if TYPE_CHECKING:
    from fimble.cli.source import Source
    from fimble.features.actions.action import Offer


app = typer.Typer(add_completion=False)


@app.command("document", cls=PlaceCommand)
def document(
    place: Annotated[
        str, typer.Argument(metavar="FILE:LINE", help="A line of the function or class; - is standard input.")
    ],
    write: Annotated[bool, typer.Option("--write", help="Put it into the file.")] = False,
    lang: Annotated[str, typer.Option(help="The language, where the name of the file does not tell.")] = "",
    as_json: Json = False,
    provider: Provider = "",
) -> None:
    """Document a function or class.

    Prints the change as a unified diff, or writes it with --write.
    Of standard input (-:LINE) the whole new text is printed.
    The exit code is 1 where no answer passed its checks.
    """
    from fimble.cli.answer import put
    from fimble.cli.asking import act, answer_of, configuration
    from fimble.cli.difference import coloured, unified
    from fimble.cli.saving import check_writable, save_change
    from fimble.cli.source import open_source
    from fimble.errors import ConfigError

    config = configuration(provider)
    where = line_in(place, "document")
    source = open_source(where.file, lang, "--lang", config)
    if write and source.path is None:
        raise ConfigError("There is no file to write to.", "Without --write the whole new text is printed.")
    if write and source.path is not None:
        check_writable(source.path)
    done, model = act(_offer(source, where.first), source, config, source.language.name)
    after = source.text
    for edit in done.edits:
        after = after[: edit.start] + edit.text + after[edit.end :]
    answer = answer_of(done, model, after, source.language.name)
    diff = unified(source.name, source.text, after)
    if answer.passed and write and source.path is not None:
        save_change(source.path, source.text, after)
    if as_json:
        put(answer.record("code", {"diff": diff, "written": answer.passed and write}), "\n")
    elif answer.passed and source.path is None:
        put(after)
    elif answer.passed and not write:
        put(coloured(diff))
    if not as_json:
        answer.tell()
    if not answer.passed:
        raise typer.Exit(1)


def _offer(source: Source, line: int) -> Offer:
    """What can be documented at a line. Raises ``ActionRefused`` where nothing can."""
    from fimble.errors import ActionRefused
    from fimble.features.actions.action import Kind, Selection
    from fimble.features.actions.actions import offers
    from fimble.features.actions.conventions import CONVENTIONS

    if source.language.name not in CONVENTIONS:
        raise ActionRefused(
            f"There is no form of documentation for {source.language.name}.",
            f"There is one for {', '.join(CONVENTIONS)}.",
        )
    start, _ = source.span(line, line)
    found = offers(Selection(source.snapshot, start, start), {Kind.DOCUMENT})
    if not found:
        raise ActionRefused(
            f"Line {line} of {source.name} is in no function or class.", "Name the line that one begins on."
        )
    return found[0]
