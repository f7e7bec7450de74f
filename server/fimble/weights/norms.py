"""A prepared graph's norms, kept beside it: they tell how its weights were smoothed.

Whoever adds to a matrix of the graph (an adapter) must know by how much the matrix's input was divided. The graph's
norm is the checkpoint's divided by that, channel by channel; it lies in a file of its own, so that nobody has to
parse the graph for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fimble.errors import ModelFolderInvalid
from fimble.weights.architecture import Dimensions, Float32
from fimble.weights.manifest import NORMS

_HINT = "Run `fimble setup --force` to prepare the model again."


@dataclass(frozen=True, slots=True)
class GraphNorms:
    """What an adapter must know of a graph."""

    norms: Mapping[str, Float32]
    """``layers.<i>.attn_norm`` and ``layers.<i>.ffn_norm``, [hidden] each."""
    num_q_rows: int
    """Rows of a layer's query matrix; in the graph those of key and value follow them."""
    num_kv_rows: int
    """Rows of the key matrix, and of the value matrix."""


def write_norms(folder: Path, size: Dimensions, norms: Mapping[str, Float32]) -> None:
    """Write ``norms.safetensors`` into ``folder``."""
    from safetensors.numpy import save

    rows = {"num_q_rows": size.num_heads * size.head_dim, "num_kv_rows": size.num_kv_heads * size.head_dim}
    tensors = {name: np.ascontiguousarray(values, np.float32) for name, values in norms.items()}
    (folder / NORMS).write_bytes(save(tensors, {name: str(number) for name, number in rows.items()}))


def read_norms(folder: Path) -> GraphNorms:
    """What ``write_norms`` wrote. Raises ``ModelFolderInvalid``."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(folder / NORMS), framework="numpy") as file:
            about = file.metadata() or {}
            norms = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
            return GraphNorms(norms, int(about["num_q_rows"]), int(about["num_kv_rows"]))
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelFolderInvalid(f"{folder / NORMS} cannot be read: {error!r}.", _HINT) from error
