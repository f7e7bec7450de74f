"""What serving a model asks of a machine: bytes read for a token that is written, products for one that is read.

From these and the speed of one model, measured, the speed of another follows well enough to choose by: writing a
token reads all weights once, so it is bound by the memory; reading a prompt multiplies each of its tokens by all
weights, and is bound by arithmetic. Measured against each other on two cores (0.5 B and 1.5 B, int8): see
``docs/benchmarks.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from fimble.weights.architecture import Dimensions
from fimble.weights.entry import CatalogEntry, Shape

PRECISIONS = ("int8", "fp16", "fp32")
_WEIGHT_BYTES = {"int8": 1.05, "fp16": 2.0, "fp32": 4.0}
"""A weight of a layer or of the output; the scales of its block are counted in."""
_LOOKUP_BYTES = {"int8": 1.13, "fp16": 2.0, "fp32": 4.0}
"""A weight of the embedding, in shorter blocks."""
_KV_BYTES = {"int8": 4, "fp16": 2, "fp32": 4}
_PROGRAM_BYTES = 260_000_000
"""Of the server around the weights, the KV cache apart; measured with both models of the catalogue."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """A model in one precision."""

    token_bytes: int
    """Read from memory for each token that is written."""
    token_products: int
    """Multiplications for each token of a prompt."""
    memory_bytes: int
    """What serving takes, the KV cache left aside."""
    kv_token_bytes: int
    """What each token leaves in the KV cache."""


def footprint(shape: Shape, precision: str, disk_bytes: int = 0) -> Footprint:
    """Of a model of ``shape``; ``disk_bytes``: its size where it is prepared already, else 0."""
    table = shape.vocabulary * shape.hidden
    layers, output = shape.layer_parameters * _WEIGHT_BYTES[precision], table * _WEIGHT_BYTES[precision]
    weights = disk_bytes or layers + output + table * _LOOKUP_BYTES[precision]
    return Footprint(
        token_bytes=round(layers + output),
        token_products=shape.layer_parameters,
        memory_bytes=round(weights) + _PROGRAM_BYTES,
        kv_token_bytes=shape.kv_values * _KV_BYTES[precision],
    )


def shape_of(entry: CatalogEntry) -> Shape:
    """The entry's own sizes, or what follows from its parameters where it states none."""
    return entry.shape or Shape(entry.parameters, 1, 1, 1)


def shape_from(size: Dimensions) -> Shape:
    """The sizes of a model that is about to be written."""
    q_rows, kv_rows = size.num_heads * size.head_dim, size.num_kv_heads * size.head_dim
    layer = size.hidden * (2 * q_rows + 2 * kv_rows + 3 * size.ffn)
    return Shape(layer * size.num_layers, size.hidden, size.vocabulary_size, 2 * size.num_layers * kv_rows)
