"""From an adapter, in the coordinates of its checkpoint, to what a prepared graph takes.

The graph packs query, key and value into one matrix, and some graphs are smoothed: the inputs of these three and of
gate and up are divided by a factor a channel, and the matrices multiplied by it. ``a`` is multiplied likewise.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fimble.errors import AdapterInvalid
from fimble.weights import manifest
from fimble.weights.architecture import Float32
from fimble.weights.builder import LORA_A, LORA_B
from fimble.weights.norms import GraphNorms, read_norms

if TYPE_CHECKING:
    from fimble.weights.adapter import Adapter

SITES = {"qkv": ("q", "k", "v"), "o": ("o",), "gate": ("gate",), "up": ("up",), "down": ("down",)}
"""The graph's matrices, and the checkpoint's of which each is made, from top to bottom."""
_NORM_BEFORE = {"qkv": "attn_norm", "gate": "ffn_norm", "up": "ffn_norm"}
_HINT = "Run `fimble train` again, or remove it with `fimble models remove-adapter {id}`."


def fit(adapter: Adapter, folder: Path) -> dict[str, Float32]:
    """The graph's inputs for every site that ``adapter`` changes, by name.

    Raises ``AdapterInvalid`` where the graph in ``folder`` was made of other weights, ``ModelFolderInvalid``.
    """
    about, tensors = adapter.about, adapter.tensors
    base = manifest.read(folder)
    if base.source_sha256 != about.base_sha256:
        raise AdapterInvalid(
            f"The adapter of {about.root} was trained on other weights than those of {base.model} that are installed.",
            _HINT.format(id=about.id),
        )
    graph = read_norms(folder)
    layers = sorted({int(name.split(".")[1]) for name in tensors})
    if layers and layers[-1] >= base.num_layers:
        raise _misfit(adapter, f"layer {layers[-1]}")
    wanted: list[tuple[str, list[Float32], list[tuple[Float32, int]], int]] = []
    for layer in layers:
        for site, parts in SITES.items():
            name = f"layers.{layer}"
            present = [part for part in parts if f"{name}.{part}.a" in tensors]
            if not present:
                continue
            factors = _factors(adapter, graph, f"{name}.{_NORM_BEFORE[site]}") if site in _NORM_BEFORE else None
            lows = [tensors[f"{name}.{part}.a"] for part in present]
            if factors is not None:
                lows = [low * factors for low in lows]
            ups, num_rows = _placed(adapter, graph, name, site, present)
            wanted.append((f"{name}.{site}", lows, ups, num_rows))
    return _packed(wanted)


def _packed(wanted: list[tuple[str, list[Float32], list[tuple[Float32, int]], int]]) -> dict[str, Float32]:
    """All inputs in one piece of memory of its own, which goes back to the system when nobody holds any of them.

    What ``malloc`` is given back it keeps for later, and adapters come and go.
    """
    shapes: dict[str, tuple[int, int]] = {}
    for name, lows, _, num_rows in wanted:
        rank = sum(len(low) for low in lows)
        shapes[name + LORA_A], shapes[name + LORA_B] = (lows[0].shape[1], rank), (rank, num_rows)
    num_values = sum(rows * columns for rows, columns in shapes.values())
    memory = np.frombuffer(mmap.mmap(-1, max(1, num_values) * np.dtype(np.float32).itemsize), np.float32)
    inputs: dict[str, Float32] = {}
    begin = 0
    for name, shape in shapes.items():
        inputs[name] = memory[begin : begin + shape[0] * shape[1]].reshape(shape)
        begin += shape[0] * shape[1]
    for name, lows, ups, _ in wanted:
        row = 0
        for low, (up, column) in zip(lows, ups, strict=True):
            inputs[name + LORA_A][:, row : row + len(low)] = low.T
            inputs[name + LORA_B][row : row + len(low), column : column + len(up)] = up.T
            row += len(low)
    return inputs


def _placed(
    adapter: Adapter, graph: GraphNorms, name: str, site: str, present: list[str]
) -> tuple[list[tuple[Float32, int]], int]:
    """Each part's ``b`` with the row of the site at which it begins, and how many rows the site has."""
    ups = [adapter.tensors[f"{name}.{part}.b"] for part in present]
    if site != "qkv":
        return [(ups[0], 0)], len(ups[0])
    q_rows, kv_rows = graph.num_q_rows, graph.num_kv_rows
    places = {"q": (0, q_rows), "k": (q_rows, kv_rows), "v": (q_rows + kv_rows, kv_rows)}
    for part, up in zip(present, ups, strict=True):
        if len(up) != places[part][1]:
            raise _misfit(adapter, f"{name}.{part}.b with {len(up)} rows")
    return [(up, places[part][0]) for part, up in zip(present, ups, strict=True)], q_rows + 2 * kv_rows


def _factors(adapter: Adapter, graph: GraphNorms, name: str) -> Float32:
    """By how much the graph divides the channels that the norm ``name`` gives, [hidden]."""
    ours, theirs = adapter.tensors[name], graph.norms.get(name)
    if theirs is None or theirs.shape != ours.shape:
        raise _misfit(adapter, name)
    factors = np.ones_like(ours)
    # a channel that the norm closes carries nothing, whatever it is multiplied with
    np.divide(ours, theirs, out=factors, where=theirs != 0)
    return factors


def _misfit(adapter: Adapter, what: str) -> AdapterInvalid:
    about = adapter.about
    return AdapterInvalid(
        f"The adapter of {about.root} does not fit the model that is installed ({what}).", _HINT.format(id=about.id)
    )
