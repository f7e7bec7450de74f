"""From a source file to a model folder that can be served: tokenizer, graph, weights and manifest.

The folder is not verified yet. Who calls this runs the graph, hands the runner to
``verify`` and saves the manifest again with the report in it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights.checkpoint import Checkpoint, open_checkpoint
from fimble.weights.entry import CatalogEntry
from fimble.weights.export import export_as
from fimble.weights.graph import write_graph
from fimble.weights.manifest import GRAPH, NORMS, TOKENIZER, WEIGHTS, Manifest, with_files
from fimble.weights.recipe import Recipe
from fimble.weights.samples import calibration_tokens

LONGEST_CONTEXT = 32768
"""Rows of the rope table at most: 8 MB of cosines and sines for heads of 64."""


def prepare(
    source: Path,
    entry: CatalogEntry,
    recipe: Recipe,
    folder: Path,
    on_progress: Callable[[str, float], None],
) -> Manifest:
    """Write the model of ``source`` into the existing ``folder`` and return its manifest, saved there.

    A folder whose architecture the writer does not know is exported instead, in the recipe's precision.
    ``on_progress`` is told a stage and the share of it done.
    Raises ``WeightsError`` (``UnsupportedArchitecture`` for models that can be neither written nor exported).
    """
    on_progress("reading the source", 0.0)
    try:
        checkpoint = open_checkpoint(source)
    except UnsupportedArchitecture:
        if not source.is_dir():
            raise
        return export_as(recipe.precision, source, folder, on_progress, entry.prompt_family, entry.name)
    tokenizer = checkpoint.tokenizer()
    size = checkpoint.dimensions
    if tokenizer.get_vocab_size() > size.vocabulary_size:
        raise WeightsError(
            f"The tokenizer has {tokenizer.get_vocab_size()} tokens and the model only {size.vocabulary_size}.",
            "They do not belong together; fetch both again.",
        )
    tokenizer.save(str(folder / TOKENIZER))
    sample = calibration_tokens(tokenizer)
    on_progress("reading the source", 1.0)
    num_positions = min(size.context_length, LONGEST_CONTEXT)
    write_graph(
        checkpoint, recipe, folder, num_positions, sample, lambda share: on_progress("writing the graph", share)
    )
    manifest = with_files(
        _manifest(checkpoint, entry, recipe, num_positions), folder, (GRAPH, WEIGHTS, NORMS, TOKENIZER)
    )
    manifest.save(folder)
    return manifest


def _manifest(checkpoint: Checkpoint, entry: CatalogEntry, recipe: Recipe, num_positions: int) -> Manifest:
    size = checkpoint.dimensions
    return Manifest(
        model=entry.name,
        precision=recipe.precision,
        architecture=size.architecture,
        source_sha256=entry.file.sha256,
        prompt_family=entry.prompt_family,
        context_length=num_positions,
        vocabulary_size=size.vocabulary_size,
        num_layers=size.num_layers,
        num_kv_heads=size.num_kv_heads,
        head_dim=size.head_dim,
        end_tokens=checkpoint.end_tokens,
        chat=checkpoint.chat,
        verification={"recipe": recipe.name},
    )
