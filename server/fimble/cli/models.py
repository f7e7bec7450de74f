"""``fimble models``: what can be had, what is here, and away with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from fimble import config
from fimble.cli.adding import add
from fimble.cli.recommending import recommend
from fimble.errors import ConfigError, ModelNotInstalled, UnknownModel
from fimble.weights import catalog, disk, store
from fimble.weights.entry import NAME

if TYPE_CHECKING:
    from fimble.weights.adapters import Kept

_NAME_CHARS = 30
"""Of a model's name, which are never broken: a column for as many leaves room for the others on 80."""

app = typer.Typer(
    add_completion=False,
    help="List the models and what was trained on them; add or remove one, or have one recommended.",
)
app.command()(add)
app.command()(recommend)


@dataclass(frozen=True, slots=True)
class AdapterRow:
    """What was trained on a model, as it is printed for programs."""

    id: str
    root: str
    """The workspace; empty where nobody can tell."""
    state: str
    problem: str
    bytes: int
    created: str
    figures: dict[str, float]
    """What its trial said."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model, as it is printed for programs."""

    name: str
    title: str
    parameters: int
    licence: str
    download_bytes: int
    installed_bytes: int
    """Prepared in all precisions, plus the source file."""
    precisions: list[str]
    state: str
    is_default: bool
    adapters: list[AdapterRow] = field(default_factory=list)
    """What was trained on it, one a workspace."""


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """List every model: its size, licence, whether it is installed, and what was trained on it."""
    if context.invoked_subcommand is not None:
        return
    default = config.load()[0].model
    entries, complaints = catalog.entries()
    prepared, trained = store.installed(), _trained()
    rows = [
        _row(entry, [item for item in prepared if item.name == entry.name], default, trained.pop(entry.name, []))
        for entry in entries
    ]
    known = {entry.name for entry in entries}
    rows += [_foreign(item, trained.pop(item.name, [])) for item in prepared if item.name not in known]
    rows += [Row(name, "", 0, "", 0, 0, [], "not installed", False, found) for name, found in sorted(trained.items())]
    for complaint in complaints:
        typer.echo(complaint, err=True)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        _print(rows)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="A name from `fimble models`.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a model: all its precisions and its source file; of one that was added, its entry, too."""
    from fimble.weights.addition import is_added

    was_added = NAME.fullmatch(name) is not None and is_added(catalog.user_file(name))
    try:
        sha256 = catalog.find(name).file.sha256
        sources = [] if catalog.needs_source(sha256, but_for=name) else [sha256]
    except (ConfigError, UnknownModel):
        if not was_added and name not in {item.name for item in store.installed()}:
            raise
        sources = []
    if not yes:
        typer.confirm(f"Delete {name} from this disk?", abort=True)
    try:
        freed = disk.readable(store.remove(name, sources, lambda progress: typer.echo(progress.notice, err=True)))
    except ModelNotInstalled:
        if not was_added:
            raise
        freed = disk.readable(0)
    if was_added:
        catalog.forget(name)
    typer.echo(f"{name} is removed; {freed} are free again.")


@app.command("remove-adapter")
def remove_adapter(
    name: Annotated[str, typer.Argument(metavar="ID|PATH", help="An id from `fimble models`, or a workspace.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete what was trained for a workspace. A running server answers with the model as it is from then on."""
    from fimble.weights import adapters

    found = adapters.named(name)
    whose = found.about.root if found.about else found.id
    if not yes:
        typer.confirm(f"Delete the adapter of {whose} from this disk?", abort=True)
    adapters.remove(found)
    typer.echo(f"The adapter of {whose} is removed; {disk.readable(found.num_bytes)} are free again.")


def _trained() -> dict[str, list[AdapterRow]]:
    """Model -> what was trained on it; under no name what cannot be read."""
    from fimble.weights import adapters

    found: dict[str, list[AdapterRow]] = {}
    for kept in adapters.listed(read_all=True):
        found.setdefault(kept.about.model if kept.about else "", []).append(_adapter(kept))
    return found


def _adapter(kept: Kept) -> AdapterRow:
    about = kept.about
    return AdapterRow(
        id=kept.id,
        root=about.root if about else "",
        state=kept.state.value,
        problem=kept.problem,
        bytes=kept.num_bytes,
        created=about.created if about else "",
        figures=dict(about.figures) if about else {},
    )


def _row(entry: catalog.CatalogEntry, prepared: list[store.Installed], default: str, trained: list[AdapterRow]) -> Row:
    source_bytes = disk.folder_bytes(store.source_folder(entry.file.sha256))
    if prepared:
        state = _state(prepared)
    elif store.holds_source(entry.file):
        state = "source only"
    else:
        state = "part of source" if source_bytes else "not installed"
    return Row(
        name=entry.name,
        title=entry.title,
        parameters=entry.parameters,
        licence=entry.licence,
        download_bytes=entry.num_bytes,
        installed_bytes=source_bytes + sum(item.num_bytes for item in prepared),
        precisions=[item.precision for item in prepared],
        state=state,
        is_default=entry.name == default,
        adapters=trained,
    )


def _foreign(item: store.Installed, trained: list[AdapterRow]) -> Row:
    """A folder whose catalogue entry is gone."""
    state = f"{_state([item])}, not in the catalogue"
    return Row(item.name, "", 0, "", 0, item.num_bytes, [item.precision], state, False, trained)


def _state(prepared: list[store.Installed]) -> str:
    states = {item.state.value for item in prepared}
    if len(states) == 1:
        return states.pop()
    return ", ".join(f"{item.precision}: {item.state.value}" for item in prepared)


def _print(rows: list[Row]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    whole = min(_NAME_CHARS, max((len(row.name) for row in rows), default=0))
    table.add_column("", no_wrap=True)
    table.add_column("model", min_width=whole, overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("licence", max_width=12, overflow="fold")
    table.add_column("download", justify="right", no_wrap=True)
    table.add_column("on disk", justify="right", no_wrap=True)
    table.add_column("state", overflow="fold")
    for row in rows:
        table.add_row(
            "*" if row.is_default else "",
            row.name,
            _readable_count(row.parameters),
            escape(row.licence),
            disk.readable(row.download_bytes) if row.download_bytes else "",
            disk.readable(row.installed_bytes) if row.installed_bytes else "",
            f"{row.state} ({', '.join(row.precisions)})" if row.precisions else row.state,
        )
    console = Console()
    console.print(table)
    typer.echo("* is the one to be served. `fimble setup NAME` installs a model.")
    trained = [(row.name, adapter) for row in rows for adapter in row.adapters]
    if trained:
        typer.echo("\nTrained for a workspace (`fimble models remove-adapter ID` removes one):")
    for name, adapter in trained:
        for line in _lines(name, adapter):
            typer.echo(line)


def _readable_count(parameters: int) -> str:
    """``494032768`` -> ``0.5 B``; nothing where nobody knows."""
    if not parameters:
        return ""
    return f"{parameters / 1e9:.1f} B" if parameters >= 50_000_000 else f"{parameters / 1e6:.1f} M"


def _lines(model: str, adapter: AdapterRow) -> Sequence[str]:
    """What a person reads of one adapter."""
    size, made = disk.readable(adapter.bytes), adapter.created.partition("T")[0]
    whole = [
        f"{adapter.id}  {adapter.root or '?'}",
        "    " + ", ".join(part for part in (model, size, made, adapter.state) if part),
    ]
    if adapter.problem:
        whole.append(f"    {adapter.problem}")
    if adapter.figures:
        whole.append(
            "    " + ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in adapter.figures.items())
        )
    return whole
