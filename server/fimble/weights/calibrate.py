"""Runs the model over a sample in plain numpy, one layer at a time, and smooths a layer's weights by what it sees.

Qwen's activations have channels a hundred times larger than the rest, and with one
scale a row those drown the others. SmoothQuant (Xiao et al., 2022) moves part of that
size into the weights: the norm before a matmul is divided by a factor a channel, the
matmul's columns are multiplied by it, and the product stays the same.

The pass wants only the layer at hand, so the writer reads each layer once, shows it
here and writes it. It is also the second, independent reading of the architecture that the tests
hold the graph against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fimble.weights.architecture import Dimensions, Float32, rope_tables
from fimble.weights.checkpoint import Layer

_SMALLEST_ACTIVATION = 1e-4
_SMALLEST_WEIGHT = 1e-5


@dataclass(frozen=True, slots=True)
class ActivationMaxima:
    """Largest absolute value of each channel, [hidden], where a layer's large matmuls read."""

    attention: Float32
    """Input of query, key and value."""
    ffn: Float32
    """Input of gate and up."""


class ForwardPass:
    """One sequence on its way through the layers, in fp32."""

    def __init__(self, dimensions: Dimensions, embeddings: Float32) -> None:
        """``embeddings``: [tokens, hidden]."""
        self._size = dimensions
        self._hidden = embeddings
        num_tokens = len(embeddings)
        cos, sin = rope_tables(dimensions, num_tokens)
        self._cos, self._sin = cos[:, None], sin[:, None]
        self._mask = np.triu(np.full((num_tokens, num_tokens), -np.inf, np.float32), 1)

    def advance(self, layer: Layer) -> ActivationMaxima:
        """Go through ``layer`` and say how large its matmuls' inputs were."""
        attention_input = self.norm(self._hidden, layer.attn_norm)
        self._hidden = self._hidden + self._attention(attention_input, layer) @ layer.o.T
        ffn_input = self.norm(self._hidden, layer.ffn_norm)
        gate = ffn_input @ layer.gate.T
        active = gate / (1 + np.exp(-gate)) * (ffn_input @ layer.up.T)
        self._hidden = self._hidden + active @ layer.down.T
        return ActivationMaxima(np.abs(attention_input).max(0), np.abs(ffn_input).max(0))

    def logits(self, output_norm: Float32, output: Float32) -> Float32:
        """[tokens, vocabulary] after the last layer."""
        result: Float32 = self.norm(self._hidden, output_norm) @ output.T
        return result

    def norm(self, values: Float32, weight: Float32) -> Float32:
        """Root-mean-square norm over the last axis."""
        mean_square = np.mean(values * values, axis=-1, keepdims=True)
        result: Float32 = values / np.sqrt(mean_square + np.float32(self._size.rms_epsilon)) * weight
        return result

    def _attention(self, values: Float32, layer: Layer) -> Float32:
        size = self._size
        query = self._rotate(_project(values, layer.q, layer.q_bias, size.num_heads))
        key = self._rotate(_project(values, layer.k, layer.k_bias, size.num_kv_heads))
        value = _project(values, layer.v, layer.v_bias, size.num_kv_heads)
        group = size.num_heads // size.num_kv_heads
        query = query.reshape(len(values), size.num_kv_heads, group, size.head_dim)
        scores = np.einsum("igrd,jgd->grij", query, key, optimize=True) * np.float32(size.head_dim**-0.5)
        scores = scores + self._mask
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = np.einsum("grij,jgd->igrd", scores, value, optimize=True)
        result: Float32 = mixed.reshape(len(values), -1)
        return result

    def _rotate(self, values: Float32) -> Float32:
        first, second = np.split(values, 2, axis=-1)
        return np.concatenate([first * self._cos - second * self._sin, second * self._cos + first * self._sin], axis=-1)


def smooth(layer: Layer, maxima: ActivationMaxima, alpha: float) -> Layer:
    """The same layer with ``alpha`` (0 to 1) of its activations' unevenness moved into the weights."""
    attention = _factors(maxima.attention, (layer.q, layer.k, layer.v), alpha)
    ffn = _factors(maxima.ffn, (layer.gate, layer.up), alpha)
    return replace(
        layer,
        attn_norm=layer.attn_norm / attention,
        q=layer.q * attention,
        k=layer.k * attention,
        v=layer.v * attention,
        ffn_norm=layer.ffn_norm / ffn,
        gate=layer.gate * ffn,
        up=layer.up * ffn,
    )


def _factors(activations: Float32, matrices: tuple[Float32, ...], alpha: float) -> Float32:
    weights = np.max([np.abs(matrix).max(0) for matrix in matrices], axis=0)
    activations = np.maximum(activations, _SMALLEST_ACTIVATION)
    factors = activations**alpha / np.maximum(weights, _SMALLEST_WEIGHT) ** (1 - alpha)
    result: Float32 = (factors / np.exp(np.log(factors).mean())).astype(np.float32)
    return result


def _project(values: Float32, weight: Float32, bias: Float32 | None, num_heads: int) -> Float32:
    product = values @ weight.T
    if bias is not None:
        product = product + bias
    return product.reshape(len(values), num_heads, -1)
