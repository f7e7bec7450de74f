"""A small decoder of random numbers, to measure a machine with where no model is installed.

It is written by the writer of all models, in the form that suits this machine, so that it runs as they do. What it
answers means nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from fimble.weights import architecture as names
from fimble.weights.architecture import Dimensions, Float32
from fimble.weights.chat import ChatFormat
from fimble.weights.graph import write_graph
from fimble.weights.manifest import GRAPH
from fimble.weights.quantize import Blocks
from fimble.weights.recipe import recipes_for

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SIZE = Dimensions(
    architecture="llama",
    num_layers=6,
    hidden=1024,
    num_heads=16,
    num_kv_heads=2,
    head_dim=64,
    ffn=4096,
    vocabulary_size=4096,
    context_length=2048,
    rope_theta=1e6,
    rms_epsilon=1e-6,
    tied_embeddings=True,
    attention_bias=False,
)
"""94 million weights: more than a processor's cache holds, little enough to be written in two seconds."""


class StandIn:
    """A checkpoint of random numbers (``checkpoint.Checkpoint``); all layers are alike."""

    def __init__(self, size: Dimensions) -> None:
        self.dimensions = size
        self.end_tokens: tuple[int, ...] = ()
        self.chat = ChatFormat()
        self._random = np.random.default_rng(8)
        self._parts: dict[str, Float32] = {}
        q_rows, kv_rows = size.num_heads * size.head_dim, size.num_kv_heads * size.head_dim
        self._shapes: dict[str, tuple[int, ...]] = {
            "attn_norm": (size.hidden,),
            "q": (q_rows, size.hidden),
            "k": (kv_rows, size.hidden),
            "v": (kv_rows, size.hidden),
            "o": (size.hidden, q_rows),
            "ffn_norm": (size.hidden,),
            "gate": (size.ffn, size.hidden),
            "up": (size.ffn, size.hidden),
            "down": (size.hidden, size.ffn),
            names.EMBEDDING: (size.vocabulary_size, size.hidden),
            names.OUTPUT_NORM: (size.hidden,),
        }

    def tensor(self, name: str) -> Float32:
        part = name.rpartition(".")[2]
        if part not in self._parts:
            shape = self._shapes[part]
            values = np.ones(shape, np.float32)
            if len(shape) > 1:
                values = self._random.standard_normal(shape, np.float32) / np.float32(np.sqrt(shape[-1]))
            self._parts[part] = values
        return self._parts[part]

    def rows(self, name: str, start: int, stop: int) -> Float32:
        return self.tensor(name)[start:stop]

    def blocks(self, name: str, start: int, stop: int) -> Blocks | None:
        return None

    def tokenizer(self) -> Tokenizer:
        _no_tokenizer()


def _no_tokenizer() -> NoReturn:
    raise NotImplementedError("a stand-in reads no text")


def write_stand_in(folder: Path) -> Path:
    """Write one of ``SIZE`` into ``folder``, in int8; returns the graph. Nothing is calibrated: nothing can be lost."""
    recipe, size = replace(recipes_for("int8")[0], smoothing=None), SIZE
    write_graph(StandIn(size), recipe, folder, size.context_length, ())
    return folder / GRAPH
