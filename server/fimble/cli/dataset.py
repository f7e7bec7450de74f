"""``fimble dataset``: what a repository teaches a model, as files that Hugging Face ``datasets`` reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble import config

if TYPE_CHECKING:
    from fimble.training.card import Card
    from fimble.training.tokens import Encoder


def dataset(
    repository: Annotated[Path, typer.Argument(help="The repository's folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write: a new or empty folder, or a dataset.")],
    seed: Annotated[int, typer.Option("--seed", help="Decides the split and the examples.")] = 1,
    max_examples: Annotated[int, typer.Option("--max-examples", min=16, help="No more than this.")] = 20_000,
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave the git history aside.")] = False,
    allow_licence: Annotated[
        list[str] | None,
        typer.Option("--allow-licence", help="An SPDX identifier, or `proprietary`. May be given several times."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the data card as one JSON object.")] = False,
) -> None:
    """Turn a repository into examples to teach a model with. Nothing leaves this machine."""
    from rich.console import Console

    from fimble.cli.bars import Bars
    from fimble.training import dataset as room

    options, complaints = config.load()
    for complaint in complaints:
        typer.echo(complaint, err=True)
    place = room.check_place(out, repository)
    settings = room.Settings(
        seed, max_examples, not no_history, tuple(allow_licence or ()), tuple(options.disabled_paths)
    )
    with Bars(Console(stderr=True)) as bars:
        made = room.make(repository, settings, _tokenizer(options.model), [place], bars.on_fraction)
        bars.on_fraction("Writing", 0.0)
        room.write(made, place)
    if as_json:
        typer.echo(json.dumps(made.card.to_json() | {"folder": str(place)}, ensure_ascii=False, indent=2))
    else:
        _print(made.card, place)


def _tokenizer(model: str) -> tuple[str, Encoder] | None:
    """Of the model that is served, or of any that is installed."""
    from fimble.engine.tokenizer import Tokenizer
    from fimble.weights import store

    found = [one for one in store.installed() if one.state is store.State.OK]
    found.sort(key=lambda one: one.name != model)
    return (found[0].name, Tokenizer(found[0].folder / "tokenizer.json")) if found else None


def _print(card: Card, place: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from fimble.training.records import Kind, Split

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("examples")
    for split in Split:
        table.add_column(split.value, justify="right")
    for kind in Kind:
        table.add_row(kind.value.replace("_", " "), *(str(card.examples[split][kind]) for split in Split))
    table.add_row("all", *(str(sum(card.examples[split].values())) for split in Split), style="bold")
    console.print(table)
    console.print()
    for title, counts in (
        ("files left out", card.files_left_out),
        ("commits passed over", card.commits_passed_over),
        ("examples dropped", card.examples_dropped),
    ):
        if counts:
            left = Table(box=None, pad_edge=False, header_style="bold")
            left.add_column(title)
            left.add_column("", justify="right")
            for why, num in counts.items():
                left.add_row(why, str(num))
            console.print(left)
            console.print()
    of = card.tokenisation
    if of is not None:
        figures = {
            "code": of.code_chars_per_token,
            "English": of.english_chars_per_token,
            "Chinese": of.chinese_chars_per_token,
        }
        rates = ", ".join(f"{value} of {name}" for name, value in figures.items() if value is not None)
        typer.echo(
            f"A token of {of.model} is {rates} characters; a name takes {of.tokens_per_identifier} tokens.\n"
            f"About {of.training_tokens:,} tokens train, {of.answer_tokens:,} of them to be written."
        )
    for note in (card.history_note, *card.notes):
        if note:
            typer.echo(note)
    licences = ", ".join(card.own_licences) or "no licence named"
    typer.echo(
        f"{card.repository} ({licences}): {card.num_examples} examples from {card.num_files} files and "
        f"{card.num_commits} commits in {card.seconds:.0f} s, written to {place}."
    )
