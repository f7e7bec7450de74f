"""What every command that prepares a model does: choose a precision, write the graph, compare, name the folder.

Whatever interrupts this, the model folder is either the old one or the whole new one.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from fimble.errors import WeightsError

if TYPE_CHECKING:
    from fimble.cli.bars import Bars
    from fimble.cli.lines import Lines
    from fimble.weights.entry import CatalogEntry, Reference
    from fimble.weights.source import Source

BYTES_PER_PARAMETER = {"int8": 1.6, "fp16": 2.7, "fp32": 5.3}
"""Upper estimate of a prepared model's size on disk, from measured ones (1.37 and 2.55 for 494 M parameters)."""
WRITTEN, EXPORTED = ("qwen2", "llama"), "fp32"
"""Architectures of our own writer; the precision that all others are exported in first."""
ASKING, COMPARING = "Asking transformers for reference answers", "Comparing with the source model"


class Precision(StrEnum):
    """What to prepare the model for."""

    AUTO = "auto"
    INT8 = "int8"
    FP16 = "fp16"


def precision_for(wanted: Precision, provider: str, is_written: bool = True) -> str:
    """``int8`` or ``fp16``; raises ``ProviderUnavailable`` for a GPU that is demanded and not there.

    ``is_written``: see ``is_written_here``; a model that is not has no form for a GPU.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    from fimble.cli.installed import PRECISIONS, choose_provider

    if wanted is Precision.INT8 or (wanted is Precision.AUTO and (provider == "cpu" or not is_written)):
        return PRECISIONS["cpu"]
    if wanted is Precision.FP16 or provider == "cuda":
        return PRECISIONS[choose_provider("cuda")[0]]
    try:
        distribution("onnxruntime-gpu")
    except PackageNotFoundError:
        return PRECISIONS["cpu"]
    return PRECISIONS[choose_provider(provider)[0]]


def install(entry: CatalogEntry, precision: str, source: Source, bars: Bars | Lines) -> None:
    """Write, compare with the recorded answers or else with transformers, and only then name the model's folder.

    Raises ``VerificationFailed`` where there is nothing to compare with.
    """
    from fimble.weights import catalog
    from fimble.weights.verify import references_for

    if not source.is_catalogued:
        bars.say(f"{source.path} is not the file that the catalogue names for {entry.name}; it is used all the same.")
    if not source.is_catalogued or not entry.references:
        bars.on_fraction(ASKING, 0.0)
    references = references_for(source.path, entry.references if source.is_catalogued else ())
    if catalog.is_builtin(entry.name):
        write(entry, precision, source, references, bars)
    else:
        write_as_it_bears(entry, precision, source, references, bars)


def write_as_it_bears(
    entry: CatalogEntry, precision: str, source: Source, references: Sequence[Reference], bars: Bars | Lines
) -> None:
    """As ``write``; a model that does not bear 8 bits, as very small ones may not, is written in fp32."""
    from fimble.cli.installed import FALLBACK, PRECISIONS
    from fimble.errors import VerificationFailed

    try:
        write(entry, precision, source, references, bars)
    except VerificationFailed as error:
        if precision != PRECISIONS["cpu"]:
            raise
        bars.say(f"{error.what} It does not bear 8 bits; it is prepared in fp32, which is slower.")
        write(entry, FALLBACK, source, references, bars)


def write(
    entry: CatalogEntry, precision: str, source: Source, references: Sequence[Reference], bars: Bars | Lines
) -> None:
    """Write the model in its fastest form that answers as ``references`` do; with none it only has to answer.

    The caller holds the model's lock. Raises ``VerificationFailed`` where no form does; nothing is left then.
    """
    from fimble.cli.wiring import runner_for
    from fimble.errors import VerificationFailed
    from fimble.weights import disk, store
    from fimble.weights.manifest import SEQ2SEQ, TOKENIZER
    from fimble.weights.prepare import prepare
    from fimble.weights.recipe import recipes_for
    from fimble.weights.verify import verify, verify_answers, verify_tokenizer

    disk.require(store.models_folder(), prepared_bytes(entry, precision), f"Preparing {entry.name}")
    with store.staging(entry.name, precision) as folder:
        num_logits = max((len(reference.next_tokens) for reference in references), default=1)
        *faster, last = recipes_for(precision)
        for recipe in (*faster, last):
            written = prepare(source.path, entry, recipe, folder, capitalised(bars))
            bars.on_fraction(COMPARING, 0.0)
            verify_tokenizer(folder / TOKENIZER, references)
            runner = runner_for(folder, written, num_logits)
            try:
                if references:
                    report = verify(runner, references).as_dict()
                else:
                    report = {}
                    verify_answers(runner, folder / TOKENIZER)
            except VerificationFailed as error:
                if recipe is last or written.is_growing or written.architecture in SEQ2SEQ:
                    raise
                bars.say(f"{recipe.name}: {error.what} A slower and more exact form is tried.")
            else:
                verification = {**written.verification, **report}
                replace(written, source_sha256=source.sha256, verification=verification).save(folder)
                break
    bars.on_fraction(COMPARING, 1.0)


def capitalised(bars: Bars | Lines) -> Callable[[str, float], None]:
    """The writer names its stages inside a sentence; a bar begins one."""
    return lambda stage, share: bars.on_fraction(stage[:1].upper() + stage[1:], share)


def prepared_bytes(entry: CatalogEntry, precision: str) -> int:
    """What making it takes on the disk, at most: an exported model is there in fp32 until its 8 bits are written."""
    num_bytes = entry.parameters * BYTES_PER_PARAMETER[precision]
    if not is_written_here(entry) and precision != EXPORTED:
        num_bytes += entry.parameters * BYTES_PER_PARAMETER[EXPORTED]
    return int(num_bytes)


def is_written_here(entry: CatalogEntry) -> bool:
    """Whether it becomes a graph by our own writer, which knows a GPU; optimum's are for the CPU."""
    return entry.format == "gguf" or entry.architecture in WRITTEN


@contextmanager
def interruptible() -> Iterator[None]:
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
