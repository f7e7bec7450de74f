"""``fimble complete FILE:LINE:COL``: one suggestion, without an editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from fimble.config import apply, load
from fimble.document import cursor_at, read
from fimble.errors import PositionOutside
from fimble.privacy import Privacy
from fimble.text import Outcome, Reason


def complete(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE:COL", help="1-based line, 1-based column in characters.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "",
) -> None:
    """Complete the code at a place in a file and print the suggestion."""
    from fimble.cli.wiring import load_feature
    from fimble.cli.wiring_remote import load_remote
    from fimble.engine.base import CancelToken

    config, complaints = load()
    if provider:
        config, more = apply(config, {"provider": provider}, "--provider")
        complaints += more
    for complaint in complaints:
        typer.echo(complaint, err=True)
    path, line, column = _parse(place)
    rule = Privacy(config.disabled_paths).why_not(path)
    if rule is not None:
        _print(Outcome(reason=Reason.PRIVATE, detail=rule), config.model, "", as_json)
        return
    cursor = cursor_at(read(path, config.max_document_mb), line, column)
    model = load_remote(config) if config.endpoint else load_feature(config)
    for note in model.notes:
        typer.echo(note, err=True)
    outcome = model.feature.suggest(cursor, CancelToken())
    _print(outcome, model.model, model.provider, as_json)
    model.close()
    if outcome.reason is Reason.FAILED:
        raise typer.Exit(1)


def _print(outcome: Outcome, model: str, provider: str, as_json: bool) -> None:
    """The suggestion, or why there is none; a record of both for programs."""
    text = outcome.suggestions[0].text if outcome.suggestions else ""
    reason = outcome.reason.value if outcome.reason else None
    if as_json:
        record = {
            "text": text,
            "reason": reason,
            "reason_code": outcome.reason.name if outcome.reason else None,
            "detail": outcome.detail,
            "confidence": round(outcome.suggestions[0].confidence, 3) if outcome.suggestions else None,
            "latency_ms": round(outcome.latency_ms, 1),
            "num_prompt_tokens": outcome.num_prompt_tokens,
            "num_reused_tokens": outcome.num_reused_tokens,
            "num_generated_tokens": outcome.num_generated_tokens,
            "model": model,
            "provider": provider,
        }
        typer.echo(json.dumps(record, ensure_ascii=False))
    elif text:
        typer.echo(text)
    else:
        typer.echo(f"No suggestion: {reason}. {outcome.detail}".strip(), err=True)


def _parse(place: str) -> tuple[Path, int, int]:
    file, line, column = ([""] * 3 + place.rsplit(":", 2))[-3:]
    if not file or not line.isdecimal() or not column.isdecimal():
        raise PositionOutside(f"{place!r} is not FILE:LINE:COL.", "For example: fimble complete app.py:12:5")
    return Path(file), int(line), int(column)
