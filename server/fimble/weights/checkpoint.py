"""A model's source file, whatever its format: shapes, tensors as floats, and its tokenizer.

Only formats that hold nothing but data are read. Pickled checkpoints run code when
loaded, so they are refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights.architecture import BIASES, Dimensions, Float32, layer_tensor
from fimble.weights.chat import ChatFormat
from fimble.weights.quantize import Blocks

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


class Checkpoint(Protocol):
    """A readable source model. Tensor names are those of ``architecture``."""

    dimensions: Dimensions
    end_tokens: tuple[int, ...]
    """Tokens that end a document or an answer."""
    chat: ChatFormat
    """How the model wants to be talked to."""

    def tensor(self, name: str) -> Float32:
        """The whole tensor. Raises ``WeightsError`` when it is not there."""
        ...

    def rows(self, name: str, start: int, stop: int) -> Float32:
        """Rows ``start`` to ``stop`` (excluded) of a matrix."""
        ...

    def blocks(self, name: str, start: int, stop: int) -> Blocks | None:
        """The same rows as the exact 8-bit blocks of 32 they are stored in, or ``None``."""
        ...

    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        ...


@dataclass(frozen=True, slots=True)
class Layer:
    """The floats of one layer; matrices are [out, in], biases are ``None`` where the model has none."""

    attn_norm: Float32
    q: Float32
    k: Float32
    v: Float32
    q_bias: Float32 | None
    k_bias: Float32 | None
    v_bias: Float32 | None
    o: Float32
    ffn_norm: Float32
    gate: Float32
    up: Float32
    down: Float32


def load_layer(checkpoint: Checkpoint, index: int) -> Layer:
    """Read layer ``index`` (from 0) and check its shapes. Raises ``WeightsError``."""
    size = checkpoint.dimensions
    q_rows, kv_rows = size.num_heads * size.head_dim, size.num_kv_heads * size.head_dim
    shapes: dict[str, tuple[int, ...]] = {
        "attn_norm": (size.hidden,),
        "q": (q_rows, size.hidden),
        "k": (kv_rows, size.hidden),
        "v": (kv_rows, size.hidden),
        "q_bias": (q_rows,),
        "k_bias": (kv_rows,),
        "v_bias": (kv_rows,),
        "o": (size.hidden, q_rows),
        "ffn_norm": (size.hidden,),
        "gate": (size.ffn, size.hidden),
        "up": (size.ffn, size.hidden),
        "down": (size.hidden, size.ffn),
    }
    parts: dict[str, Float32 | None] = {}
    for part, shape in shapes.items():
        if part in BIASES and not size.attention_bias:
            parts[part] = None
            continue
        name = layer_tensor(index, part)
        parts[part] = values = checkpoint.tensor(name)
        if values.shape != shape:
            raise WeightsError(
                f"{name} has the shape {values.shape}, and the model's own sizes ask for {shape}.",
                "The file is damaged or not what it says; fetch it again.",
            )
    return Layer(**parts)  # type: ignore[arg-type]


def open_checkpoint(source: Path) -> Checkpoint:
    """Open a ``.gguf`` file, a ``.safetensors`` file or a folder with safetensors and config.json.

    Raises ``UnsupportedArchitecture`` for models and formats that cannot be read,
    ``WeightsError`` for damaged or missing files.
    """
    if source.suffix.lower() in _PICKLED:
        raise UnsupportedArchitecture(
            f"{source} is a pickled checkpoint, and loading one can run any code.",
            "Use the model's GGUF or safetensors files.",
        )
    if source.suffix.lower() == ".gguf":
        from fimble.weights.gguf_file import GgufCheckpoint

        return GgufCheckpoint(source)
    if source.is_dir() or source.name.endswith((".safetensors", ".safetensors.index.json")):
        from fimble.weights.safetensors_file import SafetensorsCheckpoint

        return SafetensorsCheckpoint(source if source.is_dir() else source.parent)
    raise UnsupportedArchitecture(
        f"{source} is no model file that fimble reads.",
        "Use a .gguf file, or a folder with config.json, tokenizer.json and .safetensors files.",
    )
