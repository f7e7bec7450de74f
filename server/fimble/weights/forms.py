"""The forms a matmul can take in a graph: 8-bit rows, 8-bit blocks, plain floats.

Each form writes its weights and its nodes. All keep a token's result independent
of the tokens it is computed with, so that chunked, cached and whole runs agree; ONNX's own
DynamicQuantizeLinear does not (one scale for all tokens of a run), hence the longer way in ``RowInt8``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fimble.weights.architecture import Float32
from fimble.weights.builder import MICROSOFT, GraphBuilder, Matrix, Product
from fimble.weights.quantize import GGML_BLOCK_SIZE, ZERO_POINT, Blocks, quantize_blocks, quantize_rows

_INT8_ARITHMETIC = 4
"""MatMulNBits' accuracy level: activations in 8 bits too, one scale a block of a row."""


class MatmulForm(Protocol):
    """Writes ``x @ matrix.T (+ bias)``."""

    def matmul(
        self,
        graph: GraphBuilder,
        x: str,
        name: str,
        matrix: Matrix,
        bias: Float32 | None = None,
        defer_scale: bool = False,
    ) -> Product:
        """``defer_scale`` allows (not forces) a product whose row scale is left to the caller."""
        ...


class EmbeddingForm(Protocol):
    """Writes the look-up of token rows. A matmul over the same name shares its bytes (tied embeddings)."""

    def lookup(self, graph: GraphBuilder, ids: str, name: str, matrix: Matrix) -> str: ...


@dataclass(frozen=True, slots=True)
class RowInt8:
    """One scale an output row of weights, one scale a token of activations: the fastest on CPUs with VNNI."""

    def matmul(
        self,
        graph: GraphBuilder,
        x: str,
        name: str,
        matrix: Matrix,
        bias: Float32 | None = None,
        defer_scale: bool = False,
    ) -> Product:
        codes, largest = self._quantized(graph, x)
        weights, scales = quantize_rows(matrix.values())
        product = graph.node(
            "MatMulIntegerToFloat",
            [
                codes,
                graph.constant(name + ".weight", np.ascontiguousarray(weights.T)),
                graph.constant("int8.step", np.array(1 / 127, np.float32)),
                graph.constant(name + ".scale", scales),
                graph.constant("int8.activation_zero", np.array(ZERO_POINT, np.uint8)),
                graph.constant("int8.weight_zero", np.array(0, np.int8)),
            ],
            name + ".product",
            MICROSOFT,
        )
        if bias is None and defer_scale:
            return Product(product, largest, x + ".unit")
        value = graph.scaled(Product(product, largest))
        if bias is not None:
            value = graph.node("Add", [value, graph.vector(name + ".bias", bias)], name + ".biased")
        return Product(value, operand=x)

    def _quantized(self, graph: GraphBuilder, x: str) -> tuple[str, str]:
        """Codes of ``x`` and the largest absolute value of each row, computed once a value."""
        codes, largest = x + ".codes", x + ".largest"
        if not graph.has(codes):
            last_axis = graph.constant("axis.last", np.array([-1], np.int64))
            graph.node("Abs", [x], x + ".abs")
            graph.node("ReduceMax", [x + ".abs", last_axis], largest, keepdims=1)
            graph.node("Div", [x, largest], x + ".unit")
            step = graph.constant("int8.step", np.array(1 / 127, np.float32))
            zero = graph.constant("int8.activation_zero", np.array(ZERO_POINT, np.uint8))
            graph.node("QuantizeLinear", [x + ".unit", step, zero], codes)
        return codes, largest


@dataclass(frozen=True, slots=True)
class BlockInt8:
    """One scale a block of a row, for weights and activations alike: the closest to fp32."""

    size: int

    def matmul(
        self,
        graph: GraphBuilder,
        x: str,
        name: str,
        matrix: Matrix,
        bias: Float32 | None = None,
        defer_scale: bool = False,
    ) -> Product:
        rows, columns = matrix.shape
        inputs = [x, *self._store(graph, name, matrix)]
        if bias is not None:
            inputs += ["", "", graph.vector(name + ".bias", bias)]
        attributes = {"K": columns, "N": rows, "bits": 8, "block_size": self.size}
        return Product(
            graph.node(
                "MatMulNBits", inputs, name + ".product", MICROSOFT, accuracy_level=_INT8_ARITHMETIC, **attributes
            ),
            operand=x,
        )

    def lookup(self, graph: GraphBuilder, ids: str, name: str, matrix: Matrix) -> str:
        rows, columns = matrix.shape
        if columns % self.size:
            raise ValueError(f"rows of {columns} are not whole blocks of {self.size}")
        codes, scales = self._store(graph, name, matrix)
        graph.weights.alias(name + ".lookup_codes", codes, (rows, columns))
        graph.weights.alias(name + ".lookup_scales", scales, (rows, columns // self.size))
        return graph.node(
            "GatherBlockQuantized",
            [name + ".lookup_codes", ids, name + ".lookup_scales"],
            name + ".rows",
            MICROSOFT,
            bits=8,
            block_size=self.size,
            gather_axis=0,
            quantize_axis=1,
        )

    def _store(self, graph: GraphBuilder, name: str, matrix: Matrix) -> tuple[str, str]:
        codes, scales = name + ".codes", name + ".scales"
        if codes not in graph.weights:
            rows, columns = matrix.shape
            num_blocks = -(-columns // self.size)
            collected: list[Float32] = []
            shape = (rows, num_blocks, self.size)
            graph.weights.add_chunks(codes, np.dtype(np.uint8), shape, self._codes(matrix, collected))
            graph.weights.add_chunks(scales, np.dtype(np.float32), (rows * num_blocks,), collected)
        return codes, scales

    def _codes(self, matrix: Matrix, scales: list[Float32]) -> Iterator[NDArray[np.uint8]]:
        for start, stop in matrix.ranges():
            exact = matrix.exact(start, stop) if self.size == GGML_BLOCK_SIZE else None
            blocks = _never_zero(exact or quantize_blocks(matrix.floats(start, stop), self.size))
            scales.append(blocks.scales.reshape(-1))
            yield blocks.codes


@dataclass(frozen=True, slots=True)
class Plain:
    """Floats of one type, for GPUs, tests and references."""

    dtype: np.dtype[Any]

    def matmul(
        self,
        graph: GraphBuilder,
        x: str,
        name: str,
        matrix: Matrix,
        bias: Float32 | None = None,
        defer_scale: bool = False,
    ) -> Product:
        weight = self._store(graph, name, matrix)
        value = graph.node("FusedMatMul", [x, weight], name + ".product", MICROSOFT, transB=1)
        if bias is not None:
            value = graph.node("Add", [value, graph.vector(name + ".bias", bias)], name + ".biased")
        return Product(value, operand=x)

    def lookup(self, graph: GraphBuilder, ids: str, name: str, matrix: Matrix) -> str:
        return graph.node("Gather", [self._store(graph, name, matrix), ids], name + ".rows")

    def _store(self, graph: GraphBuilder, name: str, matrix: Matrix) -> str:
        stored = name + ".weight"
        if stored not in graph.weights:
            chunks = (matrix.floats(start, stop) for start, stop in matrix.ranges())
            graph.weights.add_chunks(stored, self.dtype, matrix.shape, chunks)
        return stored


def _never_zero(blocks: Blocks) -> Blocks:
    """The same blocks with a speck in rows of zeros (unused vocabulary).

    ``RowInt8`` divides by a token's largest value; an embedding of zeros would make it divide by zero.
    """
    zero = ~((blocks.codes != ZERO_POINT) & (blocks.scales[..., None] != 0)).any(axis=(1, 2))
    if not zero.any():
        return blocks
    codes, scales = blocks.codes.copy(), blocks.scales.copy()
    codes[zero], scales[zero] = ZERO_POINT + 1, 1e-8
    return Blocks(codes, scales)
