"""Changes to a graph that optimum wrote: what it looks like, logits of the last positions only, weights in 8 bits.

None of them changes what the graph computes beyond rounding; how much that is, ``verify`` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import uses_external_data

from fimble.errors import UnsupportedArchitecture
from fimble.weights.architecture import Float32
from fimble.weights.quantize import GGML_BLOCK_SIZE, quantize_blocks

_MICROSOFT = "com.microsoft"
_PAST = "past_key_values."
_OWN_INPUTS = ("input_ids", "attention_mask", "position_ids", "num_logits")
_INT8_ARITHMETIC = 4
_INLINE_BYTES = 1 << 30
"""A graph with more weights than this keeps them beside itself: protobuf ends at 2 GB."""
_BEHIND_LOGITS = ("Cast", "Add", "Mul", "Div", "Tanh")
"""What may stand between the product with the vocabulary's table and the logits."""


@dataclass(frozen=True, slots=True)
class CacheShape:
    """What a decoder's graph takes and gives beside tokens."""

    num_layers: int
    num_kv_heads: int
    head_dim: int
    vocabulary_size: int


def cache_shape(graph: onnx.GraphProto) -> CacheShape:
    """Raises ``UnsupportedArchitecture`` for a graph that keeps anything but keys and values of each layer's heads."""
    inputs = {value.name: _dimensions(value) for value in graph.input}
    past = {name: shape for name, shape in inputs.items() if name.startswith(_PAST)}
    strange = sorted(set(inputs) - set(past) - set(_OWN_INPUTS))
    shapes = {(shape[1], shape[3]) if len(shape) == 4 else (0, 0) for shape in past.values()}
    if strange or len(shapes) != 1 or min(min(shapes)) < 1 or "input_ids" not in inputs:
        about = f"it takes {strange[0]}" if strange else "its layers keep keys and values in different forms"
        raise UnsupportedArchitecture(f"The exported graph cannot be served: {about}.", "Choose another model.")
    ((num_kv_heads, head_dim),) = shapes
    (logits,) = (value for value in graph.output if value.name == "logits")
    return CacheShape(len(past) // 2, num_kv_heads, head_dim, _dimensions(logits)[-1])


def keep_last_logits(graph: onnx.GraphProto) -> bool:
    """Have a decoder compute the logits of the last ``num_logits`` positions, a new input; whether that could be done.

    The table of the vocabulary is a large part of a small model, and a prompt wants one row of logits.
    """
    makers = {name: node for node in graph.node for name in node.output}
    node = makers.get("logits")
    while node is not None and node.op_type in _BEHIND_LOGITS:
        (name, *others) = [name for name in node.input if name in makers and makers[name].op_type != "Constant"] or [""]
        node = makers.get(name) if not others else None
    if node is None or node.op_type != "MatMul" or node.input[0] not in makers:
        return False
    constants = {"logits.all": np.iinfo(np.int64).max, "logits.positions": -2}
    graph.initializer.extend(numpy_helper.from_array(np.array([value]), name) for name, value in constants.items())
    graph.input.append(helper.make_tensor_value_info("num_logits", TensorProto.INT64, [1]))
    hidden, place = node.input[0], list(graph.node).index(node)
    new = [
        helper.make_node("Neg", ["num_logits"], ["logits.first"], "logits.first"),
        helper.make_node(
            "Slice", [hidden, "logits.first", "logits.all", "logits.positions"], ["logits.hidden"], "logits.hidden"
        ),
    ]
    node.input[0] = "logits.hidden"
    for offset, one in enumerate(new):
        graph.node.insert(place + offset, one)
    (logits,) = (value for value in graph.output if value.name == "logits")
    logits.type.tensor_type.shape.dim[1].dim_param = "num_logits"
    return True


def to_int8(model: onnx.ModelProto) -> int:
    """Put the matrices that ``model`` multiplies by into blocks of 8 bits; how many there were.

    Activations are in 8 bits too, one scale a block of a token, so that what else a run holds changes no token.
    """
    graph = model.graph
    floats = {
        tensor.name: tensor
        for tensor in graph.initializer
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2
    }
    turned = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Transpose" and node.input[0] in floats and len(node.output) == 1
    }
    done: dict[str, tuple[int, int]] = {}
    for within in _graphs(graph):
        for node in within.node:
            name = turned.get(node.input[1], node.input[1]) if node.op_type in ("MatMul", "Gemm") else ""
            if name not in floats or not _is_plain(node):
                continue
            is_turned = (node.input[1] in turned) != bool(_attributes(node).get("transB"))
            key = f"{name}.turned" if is_turned else name
            if key not in done:
                matrix = numpy_helper.to_array(floats[name])
                matrix = matrix if is_turned else matrix.T
                graph.initializer.extend(_blocks(key, matrix))
                done[key] = matrix.shape
            bias = ["", "", node.input[2]] if len(node.input) > 2 else []
            replaced = helper.make_node(
                "MatMulNBits",
                [node.input[0], key + ".codes", key + ".scales", *bias],
                list(node.output),
                node.name,
                domain=_MICROSOFT,
                K=done[key][1],
                N=done[key][0],
                bits=8,
                block_size=GGML_BLOCK_SIZE,
                accuracy_level=_INT8_ARITHMETIC,
            )
            node.CopyFrom(replaced)
    _drop_unused(graph, set(floats), set(turned))
    if done and not any(one.domain == _MICROSOFT for one in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))
    return len(done)


def files_beside(path: Path) -> set[str]:
    """The files in the graph's folder that hold weights of it."""
    model = onnx.load(str(path), load_external_data=False)
    tensors = [tensor for within in _graphs(model.graph) for tensor in within.initializer]
    said = (entry for tensor in tensors if uses_external_data(tensor) for entry in tensor.external_data)
    return {entry.value for entry in said if entry.key == "location"}


def read(path: Path) -> onnx.ModelProto:
    """The graph with all its weights."""
    return onnx.load(str(path))


def write(model: onnx.ModelProto, path: Path) -> None:
    """Write it, its weights beside it where there are many."""
    num_bytes = sum(tensor.ByteSize() for tensor in model.graph.initializer)
    beside = path.name + "_data"
    if num_bytes <= _INLINE_BYTES:
        onnx.save(model, str(path))
        return
    onnx.save(model, str(path), save_as_external_data=True, all_tensors_to_one_file=True, location=beside)


def _blocks(name: str, matrix: Float32) -> list[TensorProto]:
    """Codes and scales of [out, in]."""
    blocks = quantize_blocks(np.ascontiguousarray(matrix), GGML_BLOCK_SIZE)
    return [
        numpy_helper.from_array(blocks.codes, name + ".codes"),
        numpy_helper.from_array(blocks.scales.reshape(-1), name + ".scales"),
    ]


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """``graph`` and the branches inside it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _graphs(attribute.g)


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _is_plain(node: onnx.NodeProto) -> bool:
    """Whether it is nothing but a product, with a sum perhaps."""
    said = _attributes(node)
    return not said.get("transA") and said.get("alpha", 1.0) == 1.0 and said.get("beta", 1.0) == 1.0


def _drop_unused(graph: onnx.GraphProto, names: set[str], turned: set[str]) -> None:
    """Those initializers and transposes of them that nothing takes any more."""

    def taken() -> set[str]:
        return {name for within in _graphs(graph) for node in within.node for name in node.input}

    idle = [node for node in graph.node if node.output and node.output[0] in turned - taken()]
    for node in idle:
        graph.node.remove(node)
    still = taken()
    kept = [tensor for tensor in graph.initializer if tensor.name not in names or tensor.name in still]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _dimensions(value: onnx.ValueInfoProto) -> list[int]:
    """Sizes, 0 where they have names."""
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
