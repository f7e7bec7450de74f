"""``fimble models recommend``: measures this machine for a few seconds and says which model suits it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble import config
from fimble.cli.measuring import STAND_IN, Machine, Measured, device_name, look_at, measure_on

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.features.advice import Advice, Option, Row
    from fimble.weights.entry import CatalogEntry


def recommend(
    every: Annotated[bool, typer.Option("--every", help="Measure every installed model, not only one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure this machine for a few seconds and say which model to have, with the numbers."""
    options, complaints = config.load()
    for complaint in complaints:
        typer.echo(complaint, err=True)
    begin_s = time.monotonic()
    with _told(not as_json) as say:
        machine = look_at(options)
        measured, failures = measure_on(options, machine, every, say)
    found = _options(options, machine, measured)
    seconds = time.monotonic() - begin_s
    from fimble.features.advice import advise

    memory = {"cpu": machine.free_bytes, "cuda": machine.gpu.free_bytes if machine.gpu else 0}
    advice = advise(found, memory, options.kv_cache_mb * 2**20)
    if as_json:
        typer.echo(json.dumps(_record(machine, advice, measured, failures, seconds), indent=2))
    else:
        _print(machine, advice, measured, failures, seconds)


def _options(options: Config, machine: Machine, measured: Measured) -> list[Option]:
    """Every model of the catalogue on every device, and what was measured, if only the stand-in."""
    from fimble.features.advice import Option
    from fimble.weights import catalog, store
    from fimble.weights.footprint import footprint, shape_from
    from fimble.weights.stand_in import SIZE

    prepared = {(item.name, item.precision): item.num_bytes for item in store.installed() if not item.problem}
    found = []
    for entry in catalog.entries()[0]:
        for provider in ("cpu", "cuda") if machine.gpu else ("cpu",):
            option = _option(entry, provider, prepared, measured)
            if option is not None:
                found.append(option)
    speed = measured.get((STAND_IN, "cpu"))
    if speed is not None:
        found.append(Option(STAND_IN, "int8", "cpu", 0, footprint(shape_from(SIZE), "int8"), False, False, speed))
    return found


def _option(
    entry: CatalogEntry, provider: str, prepared: dict[tuple[str, str], int], measured: Measured
) -> Option | None:
    """The entry on ``provider``; nothing for an encoder-decoder, whose time has other parts."""
    from fimble.cli.installed import FALLBACK, PRECISIONS
    from fimble.features.advice import Option
    from fimble.prompt.choosing import PLAIN
    from fimble.weights.footprint import footprint, shape_of
    from fimble.weights.manifest import SEQ2SEQ

    if entry.architecture in SEQ2SEQ:
        return None
    precision = PRECISIONS[provider]
    if provider == "cpu" and (entry.name, precision) not in prepared and (entry.name, FALLBACK) in prepared:
        precision = FALLBACK
    disk_bytes = prepared.get((entry.name, precision), 0)
    return Option(
        model=entry.name,
        precision=precision,
        provider=provider,
        parameters=entry.parameters,
        footprint=footprint(shape_of(entry), precision, disk_bytes),
        is_installed=disk_bytes > 0,
        fills_holes=entry.prompt_family != PLAIN,
        measured=measured.get((entry.name, provider)),
    )


@contextmanager
def _told(aloud: bool) -> Iterator[Any]:
    """What is being done, in a line that goes again; nothing where a program reads."""
    from rich.console import Console

    console = Console(stderr=True, quiet=not aloud)
    with console.status("Looking at this machine ...") as status:
        yield status.update


def _record(
    machine: Machine, advice: Advice, measured: Measured, failures: list[str], seconds: float
) -> dict[str, Any]:
    """For programs."""

    def row(one: Row) -> dict[str, Any]:
        option = one.option
        return {
            "model": option.model,
            "precision": option.precision,
            "provider": option.provider,
            "parameters": option.parameters,
            "installed": option.is_installed,
            "fills_holes": option.fills_holes,
            "measured": one.is_measured,
            "memory_mb": one.memory_bytes // 10**6,
            "fits": one.fits,
            "read_tokens_per_s": round(one.speed.read_tokens_per_s, 1) if one.speed else None,
            "write_ms": round(one.speed.write_ms, 2) if one.speed else None,
            "suggestion_ms": round(one.suggestion_ms, 1) if one.suggestion_ms is not None else None,
            "action_line_ms": round(one.action_line_ms, 1) if one.action_line_ms is not None else None,
        }

    def name(one: Row | None) -> dict[str, str] | None:
        return {"model": one.option.model, "precision": one.option.precision} if one else None

    return {
        "machine": asdict(machine),
        "seconds": round(seconds, 1),
        "measured": [
            {"model": model, "provider": provider, **asdict(speed)} for (model, provider), speed in measured.items()
        ],
        "failures": failures,
        "models": [row(one) for one in advice.rows if one.option.parameters],
        "recommended": name(advice.best),
        "better_but_slower": name(advice.better),
    }


def _print(machine: Machine, advice: Advice, measured: Measured, failures: list[str], seconds: float) -> None:
    from rich.console import Console

    from fimble.cli.recommendation import facts, table, words

    console = Console()

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    for line in facts(machine.num_cores, machine.free_bytes, machine.gpu, machine.gpu_problem, machine.busy_share):
        say(line)
    names = " and ".join(f"{model} on the {device_name(provider)}" for model, provider in measured)
    say(f"Measured {names}, in {seconds:.0f} s in all.")
    for failure in failures:
        typer.echo(failure, err=True)
    say("")
    console.print(table(advice))
    for paragraph in words(advice):
        say("\n" + paragraph)
