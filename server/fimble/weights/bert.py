"""Writes the graph of a sentence encoder of BERT's architecture, with an adapter merged into its weights.

Inputs ``input_ids`` and ``attention_mask``, ``[num_texts, num_tokens]``; output ``hidden``,
``[num_texts, num_tokens, hidden]``. Devlin et al. 2018, https://arxiv.org/abs/1810.04805; adapters: Hu et al.
2021, https://arxiv.org/abs/2106.09685.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from fimble.errors import WeightsError
from fimble.weights.architecture import Float32
from fimble.weights.builder import MICROSOFT, GraphBuilder
from fimble.weights.initializers import WeightsFile

GRAPH, WEIGHTS = "graph.onnx", "weights.bin"
NUM_HEADS = 12
_EPSILON = 1e-12
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "o": "attention.output.dense",
    "up": "intermediate.dense",
    "down": "output.dense",
}
_NORMS = {"ln1": "attention.output.LayerNorm", "ln2": "output.LayerNorm"}

Tensors = Mapping[str, Float32]


def adapted(tensors: Tensors, adapter: Tensors) -> dict[str, Float32]:
    """``tensors`` with the adapter's low-rank products added and its norms in place. Raises ``WeightsError``."""
    merged = {name.removeprefix("bert."): values for name, values in tensors.items()}
    try:
        for name, values in adapter.items():
            layer, part, kind = name.split(".") if name.count(".") == 2 else ("", *name.split("."))
            place = f"encoder.layer.{layer}." if layer else "embeddings."
            if kind == "B":
                key = f"{place}{_PARTS[part]}.weight"
                change = values @ adapter[f"{layer}.{part}.A"]
                if change.shape != merged[key].shape:
                    raise ValueError(f"{name} is of another shape")
                merged[key] = merged[key] + change
            elif kind in ("w", "b"):
                norm = _NORMS[part] if layer else "LayerNorm"
                key = f"{place}{norm}.{'weight' if kind == 'w' else 'bias'}"
                if values.shape != merged[key].shape:
                    raise ValueError(f"{name} is of another shape")
                merged[key] = values
            elif kind != "A":
                raise KeyError(name)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"The adapter does not fit the encoder: {error}.") from error
    return merged


def write_encoder(tensors: Tensors, folder: Path) -> None:
    """Write ``graph.onnx`` and ``weights.bin`` into ``folder``. Raises ``WeightsError`` where a tensor is missing."""
    try:
        with WeightsFile(folder / WEIGHTS) as weights:
            graph = GraphBuilder(weights, np.dtype(np.float32))
            hidden = _layers(graph, tensors, _embeddings(graph, tensors))
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
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=9,
        producer_name="fimble",
    )
    (folder / GRAPH).write_bytes(model.SerializeToString())


def _embeddings(graph: GraphBuilder, tensors: Tensors) -> str:
    words = graph.vector("embeddings.words", tensors["embeddings.word_embeddings.weight"])
    # every text is one segment, so the first segment's row is a part of each position's
    rows = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
    places = graph.vector("embeddings.places", rows)
    start, axis = (
        graph.constant("zero", np.array([0], np.int64)),
        graph.constant("axis.places", np.array([0], np.int64)),
    )
    length = graph.node("Shape", ["input_ids"], "num_tokens", start=1, end=2)
    used = graph.node("Slice", [places, start, length, axis], "embeddings.used")
    summed = graph.node("Add", [graph.node("Gather", [words, "input_ids"], "embeddings.rows"), used], "embeddings.sum")
    gamma = graph.vector("embeddings.gamma", tensors["embeddings.LayerNorm.weight"])
    beta = graph.vector("embeddings.beta", tensors["embeddings.LayerNorm.bias"])
    return graph.node("LayerNormalization", [summed, gamma, beta], "embeddings.normed", axis=-1, epsilon=_EPSILON)


def _layers(graph: GraphBuilder, tensors: Tensors, hidden: str) -> str:
    index = 0
    while f"encoder.layer.{index}.{_PARTS['q']}.weight" in tensors:
        hidden = _layer(graph, tensors, f"encoder.layer.{index}.", hidden)
        index += 1
    return hidden


def _layer(graph: GraphBuilder, tensors: Tensors, name: str, hidden: str) -> str:
    def matrix(part: str) -> Float32:
        return np.ascontiguousarray(tensors[f"{name}{_PARTS[part]}.weight"].T)

    def bias(part: str) -> str:
        return graph.vector(f"{name}{part}.bias", tensors[f"{name}{_PARTS[part]}.bias"])

    def norm(part: str, value: str, skip: str, added: str) -> str:
        gamma = graph.vector(f"{name}{part}.gamma", tensors[f"{name}{_NORMS[part]}.weight"])
        beta = graph.vector(f"{name}{part}.beta", tensors[f"{name}{_NORMS[part]}.bias"])
        inputs = [value, skip, gamma, beta, added]
        return graph.node("SkipLayerNormalization", inputs, f"{name}{part}", MICROSOFT, epsilon=_EPSILON)

    def product(part: str, value: str) -> str:
        return graph.node("MatMul", [value, graph.vector(f"{name}{part}.weight", matrix(part))], f"{name}{part}")

    qkv = graph.vector(f"{name}qkv.weight", np.concatenate([matrix(part) for part in "qkv"], axis=1))
    qkv_bias = graph.vector(
        f"{name}qkv.bias", np.concatenate([tensors[f"{name}{_PARTS[part]}.bias"] for part in "qkv"])
    )
    inputs = [hidden, qkv, qkv_bias, "attention_mask"]
    attended = graph.node("Attention", inputs, f"{name}attention", MICROSOFT, num_heads=NUM_HEADS)
    hidden = norm("ln1", product("o", attended), hidden, bias("o"))
    active = graph.node("BiasGelu", [product("up", hidden), bias("up")], f"{name}active", MICROSOFT)
    return norm("ln2", product("down", active), hidden, bias("down"))
