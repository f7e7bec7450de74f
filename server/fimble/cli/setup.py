"""``fimble setup``: from a name in the catalogue to a verified model in its folder.

    catalogue -> source file -> graph and weights -> verification -> rename into place

Whatever interrupts this, the model folder is either the old one or the whole new one,
and what was downloaded is kept for the next run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble import config
from fimble.cli.preparing import Precision, install, interruptible, is_written_here, precision_for, prepared_bytes
from fimble.errors import ModelNotInstalled, WeightsError

if TYPE_CHECKING:
    from fimble.cli.bars import Bars
    from fimble.cli.lines import Lines
    from fimble.weights.entry import CatalogEntry
    from fimble.weights.source import Source
    from fimble.weights.store import Installed


def setup(
    model: Annotated[str, typer.Argument(help="A name from `fimble models`.", show_default="the one configured")] = "",
    from_path: Annotated[
        Path | None,
        typer.Option("--from", help="Take this .gguf file, or folder of safetensors, instead of downloading."),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="int8 for the CPU, fp16 for a CUDA GPU; auto looks which is here.")
    ] = Precision.AUTO,
    encoder: Annotated[
        str,
        typer.Option(
            help="Have search use this encoder: all-minilm-l6-v2, or all-mpnet-base-v2, larger and slower.",
            show_default="the one in use",
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Prepare the model again even if it is installed.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="Tell how far it is in JSON, one object a line; for programs.")
    ] = False,
) -> None:
    """Download a model, prepare it and verify that it answers like its source."""
    from rich.console import Console

    from fimble.cli.bars import Bars
    from fimble.cli.lines import Lines
    from fimble.weights import catalog, source, store
    from fimble.weights import encoder as search_encoder

    begin_s = time.monotonic()
    options, complaints = config.load()
    entry = catalog.find(model or options.model)
    if encoder:
        search_encoder.entry(encoder)
    wanted = precision_for(precision, options.provider, is_written_here(entry))
    with interruptible(), Lines() if progress else Bars(Console()) as bars:
        for complaint in complaints:
            bars.say(complaint)
        with store.lock(entry.name, bars.on_progress):
            own = source.local(entry, from_path, bars.on_progress) if from_path else None
            found = None if force else _healthy_enough(entry.name, wanted, own, bars)
            if found is None:
                bars.say(f"Setting up {entry.name} ({wanted}, {entry.licence}).")
                with nullcontext(own) if own else _fetched(entry, wanted, bars) as chosen:
                    install(entry, wanted, chosen, bars)
        _prepare_search(bars, encoder)
    prepared = found or _prepared(entry.name, wanted)
    seconds = time.monotonic() - begin_s
    bars.say(_summary(prepared, is_new=found is None, is_own=own is not None, seconds=seconds))


def _healthy_enough(name: str, precision: str, own: Source | None, bars: Bars | Lines) -> Installed | None:
    """As ``_healthy``; for the CPU also what is in fp32, because it does not bear 8 bits."""
    from fimble.cli.installed import FALLBACK, PRECISIONS

    found = _healthy(name, precision, own, bars)
    if found is None and precision == PRECISIONS["cpu"]:
        found = _healthy(name, FALLBACK, own, bars)
    return found


def _healthy(name: str, precision: str, own: Source | None, bars: Bars | Lines) -> Installed | None:
    """The installed model if it can be served, every byte as written, and from the person's own file if there is one.

    Says why one that is there cannot be left as it is.
    """
    from fimble.weights import manifest, store

    try:
        found = store.inspect(name, precision, bars.on_progress, read_all=True)
    except ModelNotInstalled:
        return None
    if found.state is not store.State.OK:
        bars.say(f"{found.problem} It is prepared again.")
        return None
    if own and manifest.read(found.folder).source_sha256 != own.sha256:
        bars.say(f"{name} is installed from another source than {own.path}. It is prepared again.")
        return None
    return found


@contextmanager
def _fetched(entry: CatalogEntry, precision: str, bars: Bars | Lines) -> Iterator[Source]:
    """The catalogue's file, which nobody removes meanwhile."""
    from fimble.weights import download
    from fimble.weights.source import Source

    with download.held(entry, bars.on_progress, extra_bytes=prepared_bytes(entry, precision)) as path:
        whole = path if entry.format == "gguf" else path.parent
        yield Source(whole, entry.file.sha256, is_catalogued=True)


def _prepared(name: str, precision: str) -> Installed:
    """What was just written, in ``precision`` or, where it did not bear that, in fp32."""
    from fimble.cli.installed import FALLBACK
    from fimble.weights import store

    try:
        return store.inspect(name, precision)
    except ModelNotInstalled:
        return store.inspect(name, FALLBACK)


def _prepare_search(bars: Bars | Lines, name: str) -> None:
    """The encoder of search; completion works without it, so that it cannot be had is said and no more.

    Raises ``WeightsError`` for the one that was asked for by ``name``.
    """
    from fimble.weights import encoder

    try:
        encoder.prepare(bars.on_progress, name)
    except WeightsError as error:
        if name:
            raise
        bars.say(f"Search works by words alone for now: {error}")


def _summary(prepared: Installed, is_new: bool, is_own: bool, seconds: float) -> str:
    """Where, how big, how long, how well, and what next."""
    from fimble.weights import manifest
    from fimble.weights.disk import readable

    what = f"{prepared.name} ({prepared.precision}, {readable(prepared.num_bytes)})"
    if not is_new:
        source = " from these bytes" if is_own else ""
        return f"{what} is installed{source} in {prepared.folder}. `fimble setup --force` would prepare it again."
    report = manifest.read(prepared.folder).verification
    lines = [f"{what} is ready in {prepared.folder}, after {seconds:.0f} s."]
    if "num_positions" in report:
        lines.append(
            f"Compared with the source model on {report['num_positions']} tokens: "
            f"{report['agreement']:.1%} of the clear ones agree, divergence {report['divergence']:.4f}."
        )
    lines.append("Next: `fimble doctor` prints what to put into your editor's settings.")
    return "\n".join(lines)
