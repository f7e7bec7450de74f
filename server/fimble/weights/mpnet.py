"""Writes the graph of a sentence encoder of MPNet's architecture: BERT's layers, and one table of distances for all.

Inputs and output as ``bert`` has them. Song et al. 2020, https://arxiv.org/abs/2004.09297; what a distance adds to
attention is T5's, Raffel et al. 2019, https://arxiv.org/abs/1910.10683.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper

from fimble.errors import WeightsError
from fimble.weights.bert import GRAPH, NUM_HEADS, WEIGHTS, Tensors
from fimble.weights.builder import MICROSOFT, GraphBuilder, Matrix
from fimble.weights.forms import EmbeddingForm, MatmulForm
from fimble.weights.initializers import WeightsFile

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_TOKENS = 256
"""Of a text; fewer than the publisher's 384, which little code has and which takes long."""
LIMIT = "max_tokens"
"""What the limit is called among the graph's metadata."""
_EPSILON = 1e-5
_FIRST_PLACE = 2
"""The rows before are for padding."""
_FARTHEST = 128
"""Distances beyond are one."""
_PARTS = {
    "q": "attention.attn.q",
    "k": "attention.attn.k",
    "v": "attention.attn.v",
    "o": "attention.attn.o",
    "up": "intermediate.dense",
    "down": "output.dense",
}
_NORMS = {"ln1": "attention.LayerNorm", "ln2": "output.LayerNorm"}


def write_encoder(tensors: Tensors, folder: Path, matrices: MatmulForm, words: EmbeddingForm) -> None:
    """Write ``graph.onnx`` and ``weights.bin`` into ``folder``. Raises ``WeightsError`` where a tensor is missing.

    ``matrices`` is the form of the products, ``words`` that of the vocabulary.
    """
    try:
        with WeightsFile(folder / WEIGHTS) as weights:
            graph = GraphBuilder(weights, np.dtype(np.float32))
            hidden, index = _embeddings(graph, tensors, words), 0
            nearness = _nearness(graph, tensors)
            while f"encoder.layer.{index}.{_PARTS['q']}.weight" in tensors:
                hidden = _layer(graph, tensors, f"encoder.layer.{index}.", hidden, nearness, matrices)
                index += 1
            graph.node("Identity", [hidden], "hidden")
    except KeyError as error:
        raise WeightsError(f"The encoder's weights have no tensor {error}.", "Fetch them again.") from error
    shape = ["num_texts", "num_tokens"]
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape),
        helper.make_tensor_value_info("attention_mask", TensorProto.INT32, shape),
    ]
    width = len(tensors["embeddings.LayerNorm.weight"])
    outputs = [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [*shape, width])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "encoder", inputs, outputs, weights.protos),
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=10,
        producer_name="fimble",
    )
    helper.set_model_props(model, {LIMIT: str(MAX_TOKENS)})
    (folder / GRAPH).write_bytes(model.SerializeToString())


def buckets(num_tokens: int, num_buckets: int) -> npt.NDArray[np.int64]:
    """``[num_tokens, num_tokens]``: for who hears (row) and who is heard (column), which row of the table.

    Half of the rows for what stands behind; of each half the first half for one distance each, the others for
    ranges that grow with the distance.
    """
    places = np.arange(num_tokens)
    ahead = places[None, :] - places[:, None]
    half = num_buckets // 2
    num_exact = half // 2
    distances = np.abs(ahead)
    growth = np.log(np.maximum(distances, 1).astype(np.float32) / num_exact) / math.log(_FARTHEST / num_exact)
    far = np.minimum(num_exact + (growth * (half - num_exact)).astype(np.int64), half - 1)
    return np.asarray((ahead > 0) * half + np.where(distances < num_exact, distances, far), np.int64)


def _embeddings(graph: GraphBuilder, tensors: Tensors, words: EmbeddingForm) -> str:
    table = Matrix.of(tensors["embeddings.word_embeddings.weight"])
    rows = words.lookup(graph, "input_ids", "embeddings.words", table)
    places = tensors["embeddings.position_embeddings.weight"][_FIRST_PLACE : _FIRST_PLACE + MAX_TOKENS]
    start = graph.constant("embeddings.start", np.array([0], np.int64))
    axis = graph.constant("embeddings.axis", np.array([0], np.int64))
    length = graph.node("Shape", ["input_ids"], "num_tokens", start=1, end=2)
    used = graph.node("Slice", [graph.vector("embeddings.places", places), start, length, axis], "embeddings.used")
    gamma = graph.vector("embeddings.gamma", tensors["embeddings.LayerNorm.weight"])
    beta = graph.vector("embeddings.beta", tensors["embeddings.LayerNorm.bias"])
    summed = graph.node("Add", [rows, used], "embeddings.sum")
    return graph.node("LayerNormalization", [summed, gamma, beta], "embeddings.normed", axis=-1, epsilon=_EPSILON)


def _nearness(graph: GraphBuilder, tensors: Tensors) -> str:
    """``[1, heads, num_tokens, num_tokens]``: what every layer's attention adds for the distance of two tokens."""
    table = tensors["encoder.relative_attention_bias.weight"]
    whole = table[buckets(MAX_TOKENS, len(table))].transpose(2, 0, 1)[None]
    start = graph.constant("nearness.start", np.array([0, 0], np.int64))
    axes = graph.constant("nearness.axes", np.array([2, 3], np.int64))
    square = graph.node("Concat", ["num_tokens", "num_tokens"], "nearness.end", axis=0)
    return graph.node("Slice", [graph.vector("nearness.whole", whole), start, square, axes], "nearness")


def _layer(graph: GraphBuilder, tensors: Tensors, name: str, hidden: str, nearness: str, matrices: MatmulForm) -> str:
    def stacked(parts: str, kind: str) -> npt.NDArray[np.float32]:
        return np.concatenate([tensors[f"{name}{_PARTS[part]}.{kind}"] for part in parts])

    def bias(part: str) -> str:
        return graph.vector(f"{name}{part}.bias", tensors[f"{name}{_PARTS[part]}.bias"])

    def norm(part: str, value: str, skip: str, added: str) -> str:
        gamma = graph.vector(f"{name}{part}.gamma", tensors[f"{name}{_NORMS[part]}.weight"])
        beta = graph.vector(f"{name}{part}.beta", tensors[f"{name}{_NORMS[part]}.bias"])
        inputs = [value, skip, gamma, beta, added]
        return graph.node("SkipLayerNormalization", inputs, f"{name}{part}", MICROSOFT, epsilon=_EPSILON)

    def product(part: str, value: str, values: npt.NDArray[np.float32]) -> str:
        return graph.scaled(matrices.matmul(graph, value, f"{name}{part}", Matrix.of(values)))

    def dense(part: str, value: str) -> str:
        return product(part, value, tensors[f"{name}{_PARTS[part]}.weight"])

    parts = [f"{name}{part}" for part in "qkv"]
    graph.node("Split", [product("qkv", hidden, stacked("qkv", "weight"))], parts, axis=-1, num_outputs=3)
    inputs = [*parts, graph.vector(f"{name}qkv.bias", stacked("qkv", "bias")), "attention_mask", nearness]
    heard = graph.node("MultiHeadAttention", inputs, f"{name}attention", MICROSOFT, num_heads=NUM_HEADS)
    hidden = norm("ln1", dense("o", heard), hidden, bias("o"))
    active = graph.node("BiasGelu", [dense("up", hidden), bias("up")], f"{name}active", MICROSOFT)
    return norm("ln2", dense("down", active), hidden, bias("down"))
