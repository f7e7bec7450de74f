"""The pieces a graph is put together from: nodes by name, and matrices that need not be in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, ValueInfoProto, helper

from fimble.weights.architecture import Float32
from fimble.weights.checkpoint import Checkpoint
from fimble.weights.initializers import WeightsFile
from fimble.weights.quantize import Blocks

MICROSOFT = "com.microsoft"
LORA_A, LORA_B = ".lora_a", ".lora_b"
"""What the inputs are called that an adapter takes, behind the name of their matrix."""
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix [out, in] that can be read a range of rows at a time."""

    shape: tuple[int, int]
    floats: Callable[[int, int], Float32]
    """Rows from, to (excluded) -> their values."""
    exact: Callable[[int, int], Blocks | None]
    """The same rows as the 8-bit blocks of 32 they came from, or ``None``."""

    @classmethod
    def of(cls, values: Float32) -> Matrix:
        """A matrix in memory."""
        rows, columns = values.shape
        return cls((rows, columns), lambda start, stop: values[start:stop], lambda start, stop: None)

    @classmethod
    def stored(cls, checkpoint: Checkpoint, name: str) -> Matrix:
        """An embedding or output matrix, left where it is."""
        shape = (checkpoint.dimensions.vocabulary_size, checkpoint.dimensions.hidden)
        return cls(
            shape,
            lambda start, stop: checkpoint.rows(name, start, stop),
            lambda start, stop: checkpoint.blocks(name, start, stop),
        )

    def values(self) -> Float32:
        """All rows."""
        return self.floats(0, self.shape[0])

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Row ranges small enough to hold in memory."""
        for start in range(0, self.shape[0], _ROWS_AT_ONCE):
            yield start, min(start + _ROWS_AT_ONCE, self.shape[0])


@dataclass(frozen=True, slots=True)
class Product:
    """A matmul's output, and what each row must still be multiplied by (``None``: nothing)."""

    value: str
    row_scale: str | None = None
    operand: str = ""
    """What ``value`` is linear in: the input, divided by the row scale where there is one."""


class GraphBuilder:
    """Collects nodes; a value is known by its name."""

    def __init__(self, weights: WeightsFile, activations: np.dtype[Any]) -> None:
        self.weights = weights
        self.activations = activations
        self.nodes: list[NodeProto] = []
        self.replaceable: list[ValueInfoProto] = []
        """Stored tensors that are inputs as well: whoever runs the graph may give others."""
        self._values: set[str] = set()

    def has(self, value: str) -> bool:
        """Whether a node already computes ``value``."""
        return value in self._values

    def node(
        self, operator: str, inputs: Sequence[str], outputs: str | Sequence[str], domain: str = "", **attributes: Any
    ) -> str:
        """Add a node, named after its first output; an empty name is an absent value. Returns that output."""
        named = [outputs] if isinstance(outputs, str) else list(outputs)
        self.nodes.append(
            helper.make_node(operator, list(inputs), named, name=named[0] + ".node", domain=domain, **attributes)
        )
        self._values.update(named)
        return named[0]

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """A stored tensor as it is."""
        return self.weights.add(name, values)

    def vector(self, name: str, values: Float32) -> str:
        """A stored vector in the type of the activations."""
        return self.weights.add(name, values.astype(self.activations))

    def adapted(self, product: Product, name: str, shape: tuple[int, int]) -> Product:
        """``product`` of a matrix of ``shape`` [out, in] with room for what an adapter adds to it.

        That is ``(operand @ A) @ B`` with A [in, rank] and B [rank, out], both replaceable and of rank 0, which adds
        nothing and changes no bit.
        """
        rows, columns = shape
        rank = name + ".lora_rank"
        a = self._empty(name + LORA_A, (columns, 0), [columns, rank])
        b = self._empty(name + LORA_B, (0, rows), [rank, rows])
        low = self.node("MatMul", [product.operand, a], name + ".lora_low")
        delta = self.node("MatMul", [low, b], name + ".lora_delta")
        return Product(self.node("Add", [product.value, delta], name + ".adapted"), product.row_scale, product.operand)

    def _empty(self, name: str, shape: tuple[int, int], named: list[int | str]) -> str:
        kind = helper.np_dtype_to_tensor_dtype(self.activations)
        self.replaceable.append(helper.make_tensor_value_info(name, kind, named))
        return self.weights.add(name, np.zeros(shape, self.activations))

    def scaled(self, product: Product) -> str:
        """``product`` with its row scale multiplied in."""
        if product.row_scale is None:
            return product.value
        return self.node("Mul", [product.value, product.row_scale], product.value + ".scaled")
