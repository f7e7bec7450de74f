"""``fimble translate FILE --to LANG``: the same program in another language, never over the source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.asking import Json, Provider

if TYPE_CHECKING:
    from fimble.cli.source import Source
    from fimble.features.actions.action import Offer


def translate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What to translate; - is standard input.")],
    to: Annotated[str, typer.Option(help="The language to translate to.")],
    from_: Annotated[
        str, typer.Option("--from", help="The language of the source, where the name of the file does not tell.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the translation to this file.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out.")] = False,
    as_json: Json = False,
    provider: Provider = "",
) -> None:
    """Translate a file to another language and print the translation.

    The exit code is 1 where no answer passed its checks; nothing is written then.
    """
    from fimble.cli.answer import put
    from fimble.cli.asking import act, answer_of, configuration
    from fimble.cli.saving import check_new, save
    from fimble.cli.source import open_source

    config = configuration(provider)
    source = open_source(file, from_, "--from", config)
    offer = _offer(source, to)
    if out is not None:
        check_new(out, source.path, force)
    done, model = act(offer, source, config, offer.argument)
    text = done.document.text if done.document else ""
    answer = answer_of(done, model, text, offer.argument)
    if answer.passed and out is not None:
        check_new(out, source.path, force)
        save(out, text.encode())
    if as_json:
        put(answer.record("code", {"out": str(out) if answer.passed and out else None}), "\n")
    elif out is None:
        put(answer.text)
    if not as_json:
        answer.tell()
    if not answer.passed:
        raise typer.Exit(1)


def _offer(source: Source, to: str) -> Offer:
    """All of ``source`` in another language. Raises ``ConfigError`` or ``ActionRefused`` where that means nothing."""
    from fimble.cli.source import find_language
    from fimble.errors import ActionRefused
    from fimble.features.actions.action import Kind, Offer
    from fimble.features.actions.translate import TARGETS, target

    if source.language.name not in TARGETS:
        raise ActionRefused(
            f"{source.name} is {source.language.name}, which is not translated.",
            f"What can be translated is {', '.join(title for title, _ in TARGETS.values())}.",
        )
    called = find_language(to)
    wanted = target(called.name if called and called.name in TARGETS else to)
    if wanted is source.language:
        raise ActionRefused(f"{source.name} is {TARGETS[wanted.name][0]} already.", "Choose another language.")
    return Offer(Kind.TRANSLATE, f"Translate to {TARGETS[wanted.name][0]}", 0, len(source.text), wanted.name)
