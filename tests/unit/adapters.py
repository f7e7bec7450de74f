"""Random adapters for tiny models, and the same weights merged into the model by hand: the slow twin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fimble.weights.adapter import PARTS, About
from tests.unit.tiny import Tiny, Weights, weights

HUB = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}


def about(parts: Sequence[str] = PARTS, rank: int = 4, root: str = "/project", **changes: object) -> About:
    values: dict[str, object] = {
        "id": "0123456789abcdef",
        "model": "tiny",
        "base_sha256": "0" * 64,
        "root": root,
        "rank": rank,
        "alpha": 8.0,
        "parts": tuple(parts),
        "created": "2026-01-02T03:04:05+00:00",
        "num_training_examples": 12,
        "figures": {"exact_match_before": 0.25, "exact_match_after": 0.5},
    }
    return About(**{**values, **changes})  # type: ignore[arg-type]


def tensors(tiny: Tiny, parts: Sequence[str] = PARTS, rank: int = 4, seed: int = 5, gain: float = 1.0) -> Weights:
    """Random matrices that change the model's answers; ``gain`` 0 changes nothing."""
    random, base = np.random.default_rng(seed), weights(tiny)
    made: Weights = {}
    for layer in range(tiny.num_layers):
        for norm in ("attn_norm", "ffn_norm"):
            made[f"layers.{layer}.{norm}"] = base[f"model.layers.{layer}.{HUB[norm]}.weight"]
        for part in parts:
            rows, columns = base[f"model.layers.{layer}.{HUB[part]}.weight"].shape
            low = random.standard_normal((rank, columns)) / np.sqrt(columns)
            up = random.standard_normal((rows, rank)) * gain / np.sqrt(rank)
            made[f"layers.{layer}.{part}.a"] = low.astype(np.float32)
            made[f"layers.{layer}.{part}.b"] = up.astype(np.float32)
    return made


def merged(tiny: Tiny, adapter: Weights) -> Weights:
    """The model's weights with the adapter added to them."""
    made = dict(weights(tiny))
    for name, low in adapter.items():
        if name.endswith(".a"):
            _, layer, part, _ = name.split(".")
            place = f"model.layers.{layer}.{HUB[part]}.weight"
            made[place] = made[place] + adapter[f"layers.{layer}.{part}.b"] @ low
    return made
