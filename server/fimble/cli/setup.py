"""``fimble setup``: from a name in the catalogue to a verified model in its folder.

    catalogue -> source file -> graph and weights -> verification -> rename into place

Whatever interrupts this, the model folder is either the old one or the whole new one,
and what was downloaded is kept for the next run.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble import config
from fimble.errors import ModelNotInstalled, WeightsError

if TYPE_CHECKING:
    from fimble.cli.bars import Bars
    from fimble.cli.lines import Lines
    from fimble.weights.entry import CatalogEntry
    from fimble.weights.source import Source
    from fimble.weights.store import Installed

BYTES_PER_PARAMETER = {"int8": 1.6, "fp16": 2.7}
"""Upper estimate of a prepared model's size on disk, from measured ones (1.37 and 2.55 for 494 M parameters)."""


class Precision(StrEnum):
    """What to prepare the model for."""

    AUTO = "auto"
    INT8 = "int8"
    FP16 = "fp16"


def setup(
    model: Annotated[str, typer.Argument(help="A name from `fimble models`.", show_default="the one configured")] = "",
    from_path: Annotated[
        Path | None,
        typer.Option("--from", help="Take this .gguf file, or folder of safetensors, instead of downloading."),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="int8 for the CPU, fp16 for a CUDA GPU; auto looks which is here.")
    ] = Precision.AUTO,
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

    begin_s = time.monotonic()
    options, complaints = config.load()
    entry = catalog.find(model or options.model)
    _refuse_pair(entry)
    wanted = _precision(precision, options.provider)
    with _interruptible(), Lines() if progress else Bars(Console()) as bars:
        for complaint in complaints:
            bars.say(complaint)
        with store.lock(entry.name, bars.on_progress):
            own = source.local(entry, from_path, bars.on_progress) if from_path else None
            found = None if force else _healthy(entry.name, wanted, own, bars)
            if found is None:
                bars.say(f"Setting up {entry.name} ({wanted}, {entry.licence}).")
                with nullcontext(own) if own else _fetched(entry, wanted, bars) as chosen:
                    _install(entry, wanted, chosen, bars)
        _prepare_search(bars)
    prepared = found or store.inspect(entry.name, wanted)
    seconds = time.monotonic() - begin_s
    bars.say(_summary(prepared, is_new=found is None, is_own=own is not None, seconds=seconds))


def _refuse_pair(entry: CatalogEntry) -> None:
    """Raise ``UnsupportedArchitecture`` for an encoder-decoder: only who trains one exports it."""
    from fimble.errors import UnsupportedArchitecture
    from fimble.weights.entry import FolderSource
    from fimble.weights.manifest import SEQ2SEQ

    if entry.architecture in SEQ2SEQ:
        folders = [Path(source.path).parent for source in entry.sources if isinstance(source, FolderSource)]
        out = str(folders[0]) if folders else "DIR"
        raise UnsupportedArchitecture(
            f"{entry.name} is an encoder-decoder, which is prepared where it was trained.",
            f"Run `fimble train --from-config {out}/configuration.toml --out {out}`: it goes on from what is there.",
        )


def _precision(wanted: Precision, provider: str) -> str:
    """``int8`` or ``fp16``; raises ``ProviderUnavailable`` for a GPU that is demanded and not there."""
    from importlib.metadata import PackageNotFoundError, distribution

    from fimble.cli.wiring import PRECISIONS, choose_provider

    if wanted is Precision.INT8 or (wanted is Precision.AUTO and provider == "cpu"):
        return PRECISIONS["cpu"]
    if wanted is Precision.FP16 or provider == "cuda":
        return PRECISIONS[choose_provider("cuda")[0]]
    try:
        distribution("onnxruntime-gpu")
    except PackageNotFoundError:
        return PRECISIONS["cpu"]
    return PRECISIONS[choose_provider(provider)[0]]


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

    with download.held(entry, bars.on_progress, extra_bytes=_prepared_bytes(entry, precision)) as path:
        yield Source(path, entry.file.sha256, is_catalogued=True)


def _install(entry: CatalogEntry, precision: str, source: Source, bars: Bars | Lines) -> None:
    """Write, verify and only then name the model's folder."""
    from fimble.cli.wiring import runner_for
    from fimble.errors import VerificationFailed
    from fimble.weights import disk, store
    from fimble.weights.manifest import TOKENIZER
    from fimble.weights.prepare import prepare
    from fimble.weights.recipe import recipes_for
    from fimble.weights.verify import references_for, verify, verify_tokenizer

    if not source.is_catalogued:
        bars.say(f"{source.path} is not the file that the catalogue names for {entry.name}; it is used all the same.")
    if not source.is_catalogued or not entry.references:
        bars.on_fraction("Asking transformers for reference answers", 0.0)
    references = references_for(source.path, entry.references if source.is_catalogued else ())
    disk.require(store.models_folder(), _prepared_bytes(entry, precision), f"Preparing {entry.name}")
    with store.staging(entry.name, precision) as folder:
        num_logits = max(len(reference.next_tokens) for reference in references)
        *faster, last = recipes_for(precision)
        for recipe in (*faster, last):
            written = prepare(source.path, entry, recipe, folder, _capitalised(bars))
            bars.on_fraction("Comparing with the source model", 0.0)
            verify_tokenizer(folder / TOKENIZER, references)
            try:
                report = verify(runner_for(folder, written, num_logits), references)
            except VerificationFailed as error:
                if recipe is last:
                    raise
                bars.say(f"{recipe.name}: {error.what} A slower and more exact form is tried.")
            else:
                verification = {**written.verification, **report.as_dict()}
                replace(written, source_sha256=source.sha256, verification=verification).save(folder)
                break
    bars.on_fraction("Comparing with the source model", 1.0)


def _prepare_search(bars: Bars | Lines) -> None:
    """The encoder of search; completion works without it, so that it cannot be had is said and no more."""
    from fimble.weights import encoder

    try:
        encoder.prepare(bars.on_progress)
    except WeightsError as error:
        bars.say(f"Search works by words alone for now: {error}")


def _capitalised(bars: Bars | Lines) -> Callable[[str, float], None]:
    """The writer names its stages inside a sentence; a bar begins one."""
    return lambda stage, share: bars.on_fraction(stage[:1].upper() + stage[1:], share)


def _prepared_bytes(entry: CatalogEntry, precision: str) -> int:
    return int(entry.parameters * BYTES_PER_PARAMETER[precision])


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
    if report:
        lines.append(
            f"Compared with the source model on {report['num_positions']} tokens: "
            f"{report['agreement']:.1%} of the clear ones agree, divergence {report['divergence']:.4f}."
        )
    lines.append("Next: `fimble doctor` prints what to put into your editor's settings.")
    return "\n".join(lines)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and a polite kill unwind, so that nothing half-written or running stays behind."""
    previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("\nInterrupted. What was downloaded is kept; the same command continues.", err=True)
        raise typer.Exit(128 + signal.SIGINT) from None
    except OSError as error:
        raise WeightsError(f"{error}.", "Check the folder's permissions, or set FIMBLE_HOME to another one.") from error
    finally:
        signal.signal(signal.SIGTERM, previous)
