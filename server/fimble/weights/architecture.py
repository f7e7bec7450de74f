"""The shapes of a decoder of the Llama family, and the one set of names used for its tensors.

Readers (GGUF, safetensors) translate their own names into these, writers know only
these. What is not described here exactly is refused: a graph with the wrong rope or a
missing norm still produces fluent text, and nobody would notice.

Tensor names: ``embedding``, ``output`` (absent when tied), ``output_norm`` and
``layers.<i>.<part>`` with the parts of ``LAYER_PARTS``. Matrices are [out, in].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fimble.errors import UnsupportedArchitecture

Float32 = NDArray[np.float32]

SERVED = "Give its folder of safetensors: it is exported, which needs the `export` extra. Qwen2 and Llama need neither."
"""The hint wherever another architecture is met."""
_MAXIMUM_HEAD_DIM = 2**16

EMBEDDING = "embedding"
OUTPUT = "output"
OUTPUT_NORM = "output_norm"
LAYER_PARTS = ("attn_norm", "q", "k", "v", "q_bias", "k_bias", "v_bias", "o", "ffn_norm", "gate", "up", "down")
BIASES = ("q_bias", "k_bias", "v_bias")


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Everything a writer must know of a model beside its tensors."""

    architecture: str
    """``qwen2`` or ``llama`` (Mistral has Llama's layout and counts as it)."""
    num_layers: int
    hidden: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    ffn: int
    vocabulary_size: int
    """Rows of the embedding, padding included."""
    context_length: int
    """Longest sequence the model was made for, in tokens."""
    rope_theta: float
    rms_epsilon: float
    tied_embeddings: bool
    attention_bias: bool
    """Query, key and value have a bias."""
    rope_divisors: tuple[float, ...] = ()
    """Divides each of the head_dim / 2 frequencies (linear and llama3 scaling); empty for none."""

    def __post_init__(self) -> None:
        sizes = (self.num_layers, self.hidden, self.num_heads, self.num_kv_heads, self.head_dim, self.ffn)
        if min(sizes) < 1 or self.vocabulary_size < 1 or self.context_length < 1:
            raise unsupported(f"A {self.architecture} model that states a size below one")
        if not (0 < self.rope_theta < math.inf and 0 <= self.rms_epsilon < math.inf):
            raise unsupported(f"Rope theta {self.rope_theta} with a norm's epsilon {self.rms_epsilon}")
        if self.num_heads % self.num_kv_heads or self.head_dim % 8:
            raise unsupported(f"{self.num_heads} heads of {self.head_dim} over {self.num_kv_heads} key-value heads")
        if self.rope_divisors and len(self.rope_divisors) != self.head_dim // 2:
            raise unsupported(f"{len(self.rope_divisors)} rope factors for heads of {self.head_dim}")


def layer_tensor(layer: int, part: str) -> str:
    """Name of one part of layer ``layer`` (from 0)."""
    return f"layers.{layer}.{part}"


def unsupported(what: str) -> UnsupportedArchitecture:
    """The error for what the graph writer does not know, with the way that remains."""
    return UnsupportedArchitecture(f"{what} cannot be prepared.", SERVED)


def rope_tables(dimensions: Dimensions, num_positions: int) -> tuple[Float32, Float32]:
    """Cosines and sines, each [num_positions, head_dim / 2]."""
    exponents = np.arange(0, dimensions.head_dim, 2) / dimensions.head_dim
    frequencies = dimensions.rope_theta**-exponents
    if dimensions.rope_divisors:
        frequencies = frequencies / np.array(dimensions.rope_divisors)
    angles = np.outer(np.arange(num_positions), frequencies)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def linear_divisors(factor: float, head_dim: int) -> tuple[float, ...]:
    """Linear scaling: all positions are divided by ``factor``."""
    _check(head_dim)
    return (float(factor),) * (head_dim // 2)


def llama3_divisors(
    theta: float, head_dim: int, factor: float, low: float, high: float, original_context: int
) -> tuple[float, ...]:
    """Llama 3's scaling: long wavelengths are divided by ``factor``, short ones stay, between is blended.

    ``low`` and ``high`` are the config's ``low_freq_factor`` and ``high_freq_factor``.
    """
    _check(head_dim)
    divisors = []
    for index in range(0, head_dim, 2):
        wavelength = 2 * math.pi * theta ** (index / head_dim)
        if wavelength < original_context / high:
            divisors.append(1.0)
        elif wavelength > original_context / low:
            divisors.append(float(factor))
        else:
            smooth = (original_context / wavelength - low) / (high - low)
            divisors.append(1 / ((1 - smooth) / factor + smooth))
    return tuple(divisors)


def _check(head_dim: int) -> None:
    """Before one number is made for each: a damaged size would fill the memory."""
    if head_dim > _MAXIMUM_HEAD_DIM:
        raise unsupported(f"A head of {head_dim}")
