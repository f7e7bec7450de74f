"""Writes a decoder as an ONNX graph with in-place KV cache, layer by layer.

One layer is in memory at a time: read, run over the calibration sample, smoothed,
quantised, written. Past and present keys share one buffer, and logits are computed
only for the last ``num_logits`` positions.

Inputs: ``input_ids`` int64 [batch, tokens]; ``seqlens_k`` int32 [batch], total length less one;
``total_sequence_length`` int32 scalar; ``num_logits`` int64 [1]; ``past_key_<i>``, ``past_value_<i>``
[batch, kv heads, capacity, head_dim]. Inputs that may be left out: ``layers.<i>.<site>.lora_a`` [in, rank] and
``.lora_b`` [rank, out] of an adapter (``adapter.py``), for the sites ``qkv`` (one matrix), ``o``, ``gate``, ``up``
and ``down``; of rank 0 where they are not given. Outputs: ``logits`` float32 [batch, num_logits, vocabulary];
``present_key_<i>``, ``present_value_<i>``, to be bound to the buffers of the past.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from fimble.weights import architecture as names
from fimble.weights.architecture import Dimensions, Float32, rope_tables
from fimble.weights.builder import MICROSOFT, GraphBuilder, Matrix, Product
from fimble.weights.calibrate import ForwardPass, smooth
from fimble.weights.checkpoint import Checkpoint, Layer, load_layer
from fimble.weights.forms import MatmulForm
from fimble.weights.initializers import WeightsFile
from fimble.weights.manifest import GRAPH, WEIGHTS
from fimble.weights.norms import write_norms
from fimble.weights.recipe import Recipe

_OPSET, _MICROSOFT_OPSET, _IR_VERSION = 21, 1, 10
_TO_THE_END = 2**62


def write_graph(
    checkpoint: Checkpoint,
    recipe: Recipe,
    folder: Path,
    num_positions: int,
    sample: Sequence[int],
    on_progress: Callable[[float], None] = lambda fraction: None,
) -> None:
    """Write ``graph.onnx``, ``weights.bin`` and ``norms.safetensors`` into ``folder``.

    ``num_positions``: rows of the rope table, the longest sequence that can be run.
    ``sample``: token ids of the calibration text. ``on_progress`` is told the share done, 0 to 1.
    Raises ``WeightsError`` when the checkpoint lacks something.
    """
    size = checkpoint.dimensions
    with WeightsFile(folder / WEIGHTS) as weights:
        graph = GraphBuilder(weights, recipe.activations)
        writer = _DecoderWriter(checkpoint, recipe, graph, num_positions)
        forward = ForwardPass(size, _embeddings(checkpoint, sample)) if recipe.smoothing is not None else None
        for index in range(size.num_layers):
            layer = load_layer(checkpoint, index)
            if forward is not None and recipe.smoothing is not None:
                layer = smooth(layer, forward.advance(layer), recipe.smoothing)
            writer.add_layer(index, layer)
            on_progress((index + 1) / (size.num_layers + 1))
        writer.add_output()
    write_norms(folder, size, writer.norms)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "decoder",
            [*_inputs(size, recipe), *graph.replaceable],
            _outputs(size, recipe),
            weights.protos,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(MICROSOFT, _MICROSOFT_OPSET)],
        ir_version=_IR_VERSION,
        producer_name="fimble",
    )
    (folder / GRAPH).write_bytes(model.SerializeToString())
    on_progress(1.0)


class _DecoderWriter:
    """Adds the parts of the decoder in order. The hidden state is a sum (``_sum``) and a part not yet added."""

    def __init__(self, checkpoint: Checkpoint, recipe: Recipe, graph: GraphBuilder, num_positions: int) -> None:
        self._checkpoint, self._recipe, self._graph = checkpoint, recipe, graph
        self._size = checkpoint.dimensions
        cos, sin = rope_tables(self._size, num_positions)
        self._cos, self._sin = graph.vector("rope.cos", cos), graph.vector("rope.sin", sin)
        table = Matrix.stored(checkpoint, names.EMBEDDING)
        self._sum = recipe.embedding.lookup(graph, "input_ids", names.EMBEDDING, table)
        self._pending: str | None = None
        self.norms: dict[str, Float32] = {}
        """Each layer's norms as they are in the graph, by their names in the checkpoint."""

    def add_layer(self, index: int, layer: Layer) -> None:
        graph, recipe, name = self._graph, self._recipe, f"layers.{index}"
        self.norms |= {name + ".attn_norm": layer.attn_norm, name + ".ffn_norm": layer.ffn_norm}
        normed = self._norm(name + ".attn_norm", layer.attn_norm)
        bias = None
        if layer.q_bias is not None and layer.k_bias is not None and layer.v_bias is not None:
            bias = np.concatenate([layer.q_bias, layer.k_bias, layer.v_bias])
        matrix = np.concatenate([layer.q, layer.k, layer.v])
        qkv = self._matmul(recipe.attention, normed, name + ".qkv", matrix, bias)
        attended = self._attention(index, name + ".attention", graph.scaled(qkv))
        self._pending = graph.scaled(self._matmul(recipe.attention, attended, name + ".o", layer.o))
        normed = self._norm(name + ".ffn_norm", layer.ffn_norm)
        gate = self._matmul(recipe.gate_up, normed, name + ".gate", layer.gate)
        up = self._matmul(recipe.gate_up, normed, name + ".up", layer.up, defer_scale=True)
        silu = graph.node("QuickGelu", [graph.scaled(gate)], name + ".silu", MICROSOFT, alpha=1.0)
        active = graph.node("Mul", [silu, up.value], name + ".active")
        down = self._matmul(recipe.down, active, name + ".down", layer.down)
        self._pending = graph.scaled(down)
        if up.row_scale is not None:
            self._pending = graph.node("Mul", [self._pending, up.row_scale], name + ".down.row_scaled")

    def add_output(self) -> None:
        graph = self._graph
        self._add_pending("output.sum")
        start = graph.node("Neg", ["num_logits"], "output.start")
        end = graph.constant("output.end", np.array([_TO_THE_END], np.int64))
        token_axis = graph.constant("axis.tokens", np.array([1], np.int64))
        self._sum = graph.node("Slice", [self._sum, start, end, token_axis], "output.last")
        normed = self._norm("output.norm", self._checkpoint.tensor(names.OUTPUT_NORM))
        tied = self._size.tied_embeddings
        table = names.EMBEDDING if tied else names.OUTPUT
        form: MatmulForm = self._recipe.embedding if tied else self._recipe.output
        logits = graph.scaled(form.matmul(graph, normed, table, Matrix.stored(self._checkpoint, table)))
        if self._recipe.activations == np.float32:
            graph.node("Identity", [logits], "logits")
        else:
            graph.node("Cast", [logits], "logits", to=TensorProto.FLOAT)

    def _matmul(
        self,
        form: MatmulForm,
        x: str,
        name: str,
        values: Float32,
        bias: Float32 | None = None,
        defer_scale: bool = False,
    ) -> Product:
        """``x @ values.T (+ bias)``, and what an adapter adds."""
        matrix = Matrix.of(values)
        product = form.matmul(self._graph, x, name, matrix, bias, defer_scale)
        return self._graph.adapted(product, name, matrix.shape)

    def _attention(self, index: int, name: str, qkv: str) -> str:
        size = self._size
        return self._graph.node(
            "GroupQueryAttention",
            [
                *(qkv, "", ""),
                *(f"past_key_{index}", f"past_value_{index}", "seqlens_k", "total_sequence_length"),
                *(self._cos, self._sin),
            ],
            [name, f"present_key_{index}", f"present_value_{index}"],
            MICROSOFT,
            num_heads=size.num_heads,
            kv_num_heads=size.num_kv_heads,
            do_rotary=1,
            rotary_interleaved=0,
            scale=size.head_dim**-0.5,
        )

    def _norm(self, name: str, weight: Float32) -> str:
        """The norm of the hidden state, after adding what is pending."""
        graph, epsilon = self._graph, self._size.rms_epsilon
        scale = graph.vector(name + ".weight", weight)
        if self._pending is None:
            return graph.node(
                "SimplifiedLayerNormalization", [self._sum, scale], name, epsilon=epsilon, axis=-1, stash_type=1
            )
        outputs = [name, "", "", name + ".sum"]
        graph.node(
            "SkipSimplifiedLayerNormalization",
            [self._sum, self._pending, scale],
            outputs,
            MICROSOFT,
            epsilon=epsilon,
        )
        self._sum, self._pending = outputs[-1], None
        return name

    def _add_pending(self, name: str) -> None:
        if self._pending is not None:
            self._sum, self._pending = self._graph.node("Add", [self._sum, self._pending], name), None


def _embeddings(checkpoint: Checkpoint, tokens: Sequence[int]) -> Float32:
    return np.concatenate([checkpoint.rows(names.EMBEDDING, token, token + 1) for token in tokens])


def _inputs(size: Dimensions, recipe: Recipe) -> list[ValueInfoProto]:
    return [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"]),
        helper.make_tensor_value_info("seqlens_k", TensorProto.INT32, ["batch"]),
        helper.make_tensor_value_info("total_sequence_length", TensorProto.INT32, []),
        helper.make_tensor_value_info("num_logits", TensorProto.INT64, [1]),
        *_cache(size, recipe, "past"),
    ]


def _outputs(size: Dimensions, recipe: Recipe) -> list[ValueInfoProto]:
    shape: list[str | int] = ["batch", "last_tokens", size.vocabulary_size]
    return [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape), *_cache(size, recipe, "present")]


def _cache(size: Dimensions, recipe: Recipe, when: str) -> list[ValueInfoProto]:
    kind = helper.np_dtype_to_tensor_dtype(recipe.activations)
    shape: list[str | int] = ["batch", size.num_kv_heads, "capacity", size.head_dim]
    return [
        helper.make_tensor_value_info(f"{when}_{part}_{layer}", kind, shape)
        for layer in range(size.num_layers)
        for part in ("key", "value")
    ]
