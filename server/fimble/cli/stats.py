"""``fimble stats``: what was shown and accepted on this machine, and away with it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from fimble import config
from fimble.acceptance.records import Record, Surface
from fimble.acceptance.store import KEPT_DAYS, Row, Store
from fimble.acceptance.summary import Counts, by_language, count

_PERIODS_DAYS = (7, 30)
_DAY_S = 86_400
_TITLES = {Surface.INLINE: "Inline suggestions", Surface.POPUP: "Suggestions in a popup"}


def stats(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete all that was counted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Show how many suggestions were shown, accepted and kept. Counted on this machine only."""
    store = Store(config.home() / "stats", lambda message: typer.echo(message, err=True))
    if delete:
        _delete(store, yes)
        return
    now_s = time.time()
    rows = store.read(now_s - max(_PERIODS_DAYS) * _DAY_S)
    if as_json:
        typer.echo(json.dumps(_to_json(rows, now_s), indent=2))
    elif rows:
        _print(rows, now_s)
    else:
        typer.echo(f"Nothing was counted in the last {max(_PERIODS_DAYS)} days.")
        if not config.load()[0].record_acceptance:
            typer.echo("The option record_acceptance is off.")


def _delete(store: Store, yes: bool) -> None:
    if not store.has_files:
        typer.echo("There is nothing to delete.")
        return
    if not yes:
        typer.confirm(f"Delete all counts in {store.path.parent}?", abort=True)
    store.delete()
    typer.echo("The counts are deleted.")


def _recent(rows: Sequence[Row], now_s: float, num_days: int) -> list[Record]:
    return [row.record for row in rows if row.time_s >= now_s - num_days * _DAY_S]


def _to_json(rows: Sequence[Row], now_s: float) -> dict[str, Any]:
    """``{surface: {last_N_days: {total, by_language: {language: counts}}}}``."""
    found: dict[str, Any] = {}
    for surface in Surface:
        periods = found[surface.value] = {}
        for num_days in _PERIODS_DAYS:
            records = [record for record in _recent(rows, now_s, num_days) if record.surface is surface]
            languages = {name: _counts(counts) for name, counts in by_language(records, surface).items()}
            periods[f"last_{num_days}_days"] = {"total": _counts(count(records)), "by_language": languages}
    return found


def _counts(counts: Counts) -> dict[str, Any]:
    shares = {"accepted_share": counts.accepted_share, "still_there_share": counts.still_there_share}
    return asdict(counts) | {name: None if share is None else round(share, 4) for name, share in shares.items()}


def _print(rows: Sequence[Row], now_s: float) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for surface in Surface:
        for num_days in _PERIODS_DAYS:
            records = [record for record in _recent(rows, now_s, num_days) if record.surface is surface]
            if not records:
                continue
            table = Table(
                title=f"{_TITLES[surface]}, last {num_days} days",
                title_justify="left",
                box=None,
                pad_edge=False,
                header_style="bold",
            )
            table.add_column("language")
            for heading in ("shown", "accepted", "partly", "typed", "rejected", "taken", "still there"):
                table.add_column(heading, justify="right")
            for name, counts in by_language(records, surface).items():
                table.add_row(name or "(none)", *_cells(counts))
            table.add_row("total", *_cells(count(records)), style="bold")
            console.print(table)
            console.print()
    typer.echo(
        "taken: accepted and partly, of those that were decided on. typed: by hand, through to the end.\n"
        "still there: nine tenths of it or more, 30 s after it was accepted.\n"
        f"Counts stay on this machine for {KEPT_DAYS} days; `fimble stats --delete` deletes them."
    )


def _cells(counts: Counts) -> list[str]:
    still = f"{counts.still_there} of {counts.num_looked_at}" if counts.num_looked_at else "-"
    taken = "-" if counts.accepted_share is None else f"{counts.accepted_share:.0%}"
    numbers = (counts.shown, counts.accepted, counts.partly, counts.typed, counts.rejected)
    return [*map(str, numbers), taken, still]
