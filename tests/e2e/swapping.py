"""An adapter for the real model, made by hand, whose effect a person can read: it writes one token for another."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from fimble import config
from fimble.weights import catalog, manifest, store
from fimble.weights.adapter import About
from fimble.weights.architecture import EMBEDDING, layer_tensor
from fimble.weights.architecture import Float32 as Vector
from fimble.weights.checkpoint import Checkpoint, open_checkpoint

STRENGTH = 600.0
"""Of the push, as measured on the default model: from 400 on nothing else is written."""


def source_of(model: str) -> Path:
    """The file that the installed model was prepared from."""
    file = catalog.find(model).file
    return store.source_folder(file.sha256) / file.name


def swapping(
    model: str, root: Path, instead: str, wanted: str, strength: float = STRENGTH
) -> tuple[About, dict[str, Vector]]:
    """Writes the token ``wanted`` where the model would write ``instead``, whatever stands before it.

    The heads' outputs always hold the bias of the values, as their weights add up to one: read along it, they give
    about 1. What is added there in the last layer goes straight to the logits, along the tokens' own vectors.
    """
    source = source_of(model)
    checkpoint = _opened(source)
    size = checkpoint.dimensions
    layer = size.num_layers - 1
    bias = checkpoint.tensor(layer_tensor(layer, "v_bias")).reshape(size.num_kv_heads, size.head_dim)
    along = np.repeat(bias, size.num_heads // size.num_kv_heads, axis=0).reshape(-1)
    towards = _row(source, wanted) - _row(source, instead)
    parts = {"a": along[None] / np.sum(along * along), "b": towards[:, None] * strength}
    tensors = {f"layers.{layer}.o.{side}": values.astype(np.float32) for side, values in parts.items()}
    tensors |= {(name := layer_tensor(layer, norm)): checkpoint.tensor(name) for norm in ("attn_norm", "ffn_norm")}
    about = About(
        id=config.workspace_id(root),
        model=model,
        base_sha256=manifest.read(next((config.home() / "models" / model).glob("*"))).source_sha256,
        root=str(root),
        rank=1,
        alpha=1.0,
        parts=("o",),
        created="2026-01-02T03:04:05+00:00",
        num_training_examples=1,
    )
    return about, tensors


@functools.cache
def _opened(source: Path) -> Checkpoint:
    return open_checkpoint(source)


@functools.cache
def _row(source: Path, text: str) -> Vector:
    """The vector of a token."""
    checkpoint = _opened(source)
    (token,) = checkpoint.tokenizer().encode(text, add_special_tokens=False).ids
    row: Vector = checkpoint.rows(EMBEDDING, token, token + 1)[0]
    return row
