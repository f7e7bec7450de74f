"""GGUF as a checkpoint: Qwen2 and Llama, in any of llama.cpp's tensor types.

Two traps are handled here: llama.cpp stores the rows of Llama's query and key
interleaved for its own rope (undone here), and Llama 3's rope scaling as a tensor of divisors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from gguf.constants import GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray

from fimble.errors import WeightsError
from fimble.weights import architecture as names
from fimble.weights import chat
from fimble.weights.architecture import Dimensions, Float32, unsupported
from fimble.weights.gguf_header import GgufTensor, read_header
from fimble.weights.quantize import Blocks, repack_q4_0, repack_q5_0, repack_q8_0
from fimble.weights.tokenizer import build_tokenizer, end_token_ids

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_PARTS = {
    "attn_norm": "attn_norm.weight",
    "q": "attn_q.weight",
    "k": "attn_k.weight",
    "v": "attn_v.weight",
    "q_bias": "attn_q.bias",
    "k_bias": "attn_k.bias",
    "v_bias": "attn_v.bias",
    "o": "attn_output.weight",
    "ffn_norm": "ffn_norm.weight",
    "gate": "ffn_gate.weight",
    "up": "ffn_up.weight",
    "down": "ffn_down.weight",
}
_ROPE_DIVISORS = "rope_freqs.weight"
_REPACK = {
    GGMLQuantizationType.Q8_0: repack_q8_0,
    GGMLQuantizationType.Q5_0: repack_q5_0,
    GGMLQuantizationType.Q4_0: repack_q4_0,
}


class GgufCheckpoint:
    """One GGUF file, memory-mapped."""

    def __init__(self, path: Path) -> None:
        """Raises ``WeightsError`` for a damaged file, ``UnsupportedArchitecture`` for an unknown model."""
        header = read_header(path)
        self._metadata, self._tensors = header.metadata, header.tensors
        try:
            self.dimensions = _dimensions(self._metadata, self._tensors)
            self.end_tokens = end_token_ids(self._metadata)
            self.chat = chat.from_gguf(self._metadata)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise WeightsError(f"The metadata of {path} has no meaning: {error}.", "Fetch it again.") from error
        self._places = {
            names.EMBEDDING: "token_embd.weight",
            names.OUTPUT: "output.weight",
            names.OUTPUT_NORM: "output_norm.weight",
        }
        for layer in range(self.dimensions.num_layers):
            for part, place in _PARTS.items():
                self._places[names.layer_tensor(layer, part)] = f"blk.{layer}.{place}"

    def tensor(self, name: str) -> Float32:
        stored = self._stored(name)
        values = _floats(stored.data, stored.type)
        part = name.rpartition(".")[2]
        if self.dimensions.architecture == "llama" and part in ("q", "k", "q_bias", "k_bias"):
            if len(values) % self.dimensions.head_dim:
                raise WeightsError(f"{name} has {len(values)} rows, which are not whole heads.", "Fetch it again.")
            return values[_half_split_order(len(values), self.dimensions.head_dim)]
        return values

    def rows(self, name: str, start: int, stop: int) -> Float32:
        stored = self._stored(name)
        return _floats(stored.data[start:stop], stored.type)

    def blocks(self, name: str, start: int, stop: int) -> Blocks | None:
        stored = self._stored(name)
        repack = _REPACK.get(stored.type)
        return repack(stored.data[start:stop]) if repack else None

    def tokenizer(self) -> Tokenizer:
        try:
            return build_tokenizer(self._metadata)
        except (LookupError, TypeError, ValueError) as error:
            raise WeightsError(f"The GGUF file's vocabulary is damaged: {error}.", "Fetch it again.") from error

    def _stored(self, name: str) -> GgufTensor:
        try:
            return self._tensors[self._places[name]]
        except KeyError:
            raise WeightsError(f"The GGUF file has no tensor for {name}.", "Fetch it again.") from None


def _floats(data: NDArray[Any], kind: GGMLQuantizationType) -> Float32:
    try:
        return np.asarray(dequantize(data, kind), dtype=np.float32)
    except NotImplementedError as error:
        raise WeightsError(
            f"The tensor type {kind.name} cannot be decoded ({error}).", "Use a Q4_K_M or Q8_0 file."
        ) from error


def _half_split_order(num_rows: int, head_dim: int) -> NDArray[np.intp]:
    """Rows of llama.cpp's pairwise rope, in the order of the half-split rope of the published weights."""
    return np.arange(num_rows).reshape(-1, head_dim // 2, 2).swapaxes(1, 2).reshape(-1)


def _dimensions(metadata: dict[str, Any], tensors: dict[str, GgufTensor]) -> Dimensions:
    kind = str(metadata.get("general.architecture", "unknown"))
    if kind not in ("qwen2", "llama"):
        raise unsupported(f"A GGUF file of the architecture {kind!r}")
    if metadata.get(f"{kind}.expert_count"):
        raise unsupported("A mixture of experts")
    if "blk.0.attn_output.bias" in tensors or "blk.0.ffn_down.bias" in tensors:
        raise unsupported("A model with biases after attention or in its feed-forward part")
    try:
        hidden = int(metadata[f"{kind}.embedding_length"])
        num_heads = int(metadata[f"{kind}.attention.head_count"])
        head_dim = int(metadata.get(f"{kind}.attention.key_length", hidden // num_heads))
        if int(metadata.get(f"{kind}.rope.dimension_count", head_dim)) != head_dim:
            raise unsupported("Rope over a part of each head")
        num_layers = int(metadata[f"{kind}.block_count"])
        if num_layers > 0 and f"blk.{num_layers - 1}.attn_norm.weight" not in tensors:
            raise WeightsError(f"The GGUF file states {num_layers} layers and lacks the last.", "Fetch it again.")
        window = int(metadata.get(f"{kind}.attention.sliding_window") or 2**31)
        return Dimensions(
            architecture=kind,
            num_layers=num_layers,
            hidden=hidden,
            num_heads=num_heads,
            num_kv_heads=int(metadata.get(f"{kind}.attention.head_count_kv", num_heads)),
            head_dim=head_dim,
            ffn=int(metadata[f"{kind}.feed_forward_length"]),
            vocabulary_size=tensors["token_embd.weight"].shape[0],
            context_length=min(int(metadata[f"{kind}.context_length"]), window),
            rope_theta=float(metadata.get(f"{kind}.rope.freq_base", 10000.0)),
            rms_epsilon=float(metadata[f"{kind}.attention.layer_norm_rms_epsilon"]),
            tied_embeddings="output.weight" not in tensors,
            attention_bias="blk.0.attn_q.bias" in tensors,
            rope_divisors=_rope_divisors(metadata, tensors, kind, head_dim),
        )
    except KeyError as error:
        raise WeightsError(f"The GGUF file lacks {error}.", "Fetch it again.") from error
    except TypeError as error:
        raise unsupported("A model whose layers differ in size") from error


def _rope_divisors(
    metadata: dict[str, Any], tensors: dict[str, GgufTensor], kind: str, head_dim: int
) -> tuple[float, ...]:
    if _ROPE_DIVISORS in tensors:
        return tuple(float(value) for value in tensors[_ROPE_DIVISORS].data.reshape(-1))
    scaling = metadata.get(f"{kind}.rope.scaling.type", "none")
    factor = metadata.get(f"{kind}.rope.scaling.factor", metadata.get(f"{kind}.rope.scale_linear"))
    if scaling in ("none", "linear"):
        return names.linear_divisors(factor, head_dim) if factor and factor != 1 else ()
    raise unsupported(f"Rope scaling of the kind {scaling!r}")
