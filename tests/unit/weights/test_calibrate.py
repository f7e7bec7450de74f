"""Smoothing changes no answer, only how evenly it is computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fimble.weights import architecture as names
from fimble.weights.calibrate import ForwardPass, smooth
from fimble.weights.checkpoint import load_layer, open_checkpoint
from tests.unit import tiny
from tests.unit.weights import expected


def test_smoothing_keeps_the_logits_and_evens_the_channels(tmp_path: Path) -> None:
    tensors = tiny.weights(tiny.QWEN2)
    for index in range(tiny.QWEN2.num_layers):
        tensors[f"model.layers.{index}.input_layernorm.weight"][3] = 60
    checkpoint = open_checkpoint(tiny.write_safetensors(tiny.QWEN2, tmp_path, tensors))
    embeddings = checkpoint.tensor(names.EMBEDDING)[expected.tokens(tiny.QWEN2)]
    plain, smoothed = (ForwardPass(checkpoint.dimensions, embeddings) for _ in range(2))
    for index in range(checkpoint.dimensions.num_layers):
        layer = load_layer(checkpoint, index)
        before = plain.advance(layer)
        after = smoothed.advance(smooth(layer, before, 0.5))
        assert _unevenness(after.attention) < _unevenness(before.attention) / 2
    output = checkpoint.tensor(names.OUTPUT_NORM), checkpoint.tensor(names.OUTPUT)
    np.testing.assert_allclose(smoothed.logits(*output), plain.logits(*output), atol=1e-3)


def _unevenness(maxima: names.Float32) -> float:
    return float(maxima.max() / np.median(maxima))
