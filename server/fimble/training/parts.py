"""From peft's names and scales to the canonical tensors of an adapter, which know neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from fimble.errors import TrainingError
from fimble.training.base import MODULES
from fimble.weights.architecture import Float32, layer_tensor
from fimble.weights.checkpoint import Checkpoint

_PLACE = re.compile(r"layers\.(?P<layer>\d+)\.(?P<module>\w+\.\w+)\.lora_(?P<which>[AB])\.")
_PART_OF = {module: part for part, module in MODULES.items()}
NORMS = ("attn_norm", "ffn_norm")


def target_modules(parts: tuple[str, ...]) -> list[str]:
    """The modules that peft is to adapt."""
    return [MODULES[part].rpartition(".")[2] for part in parts]


def canonical(trained: Mapping[str, Any], scale: float) -> dict[str, Float32]:
    """``layers.<i>.<part>.a`` [rank, in] and ``.b`` [out, rank] of the torch tensors in ``trained``.

    ``scale`` (alpha / rank) is multiplied into b. Raises ``TrainingError`` for a number that is none: the run diverged.
    """
    tensors: dict[str, Float32] = {}
    for name, values in trained.items():
        found = _PLACE.search(name)
        if found is None:
            raise ValueError(f"{name} belongs to no adapter")
        numbers = values.detach().float().cpu().numpy()
        if not np.isfinite(numbers).all():
            raise TrainingError(f"Training diverged: {name} holds no numbers any more.", "Lower the learning rate.")
        is_a = found["which"] == "A"
        place = layer_tensor(int(found["layer"]), _PART_OF[found["module"]])
        tensors[f"{place}.{'a' if is_a else 'b'}"] = np.ascontiguousarray(numbers if is_a else numbers * scale)
    return dict(sorted(tensors.items()))


def norms_of(checkpoint: Checkpoint) -> dict[str, Float32]:
    """The base's own norm weights, [hidden] each, by which a server knows what a prepared graph made of them."""
    return {
        layer_tensor(layer, norm): np.array(checkpoint.tensor(layer_tensor(layer, norm)), np.float32)
        for layer in range(checkpoint.dimensions.num_layers)
        for norm in NORMS
    }
