"""Streams a graph's weights into one file, page-aligned, so that a model is never whole in memory.

ONNX keeps large tensors outside the graph file ("external data"): the graph holds
name, type, shape and place. Page alignment lets onnxruntime map them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_PAGE_BYTES = 4096
_INLINE_BYTES = 1024


class WeightsFile:
    """A context manager: ``add`` tensors, then put ``protos`` into the graph."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._places: dict[str, tuple[int, int, int]] = {}
        self._protos: dict[str, TensorProto] = {}

    def __enter__(self) -> WeightsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._protos

    @property
    def protos(self) -> list[TensorProto]:
        """Every tensor added so far."""
        return list(self._protos.values())

    def add(self, name: str, values: NDArray[Any]) -> str:
        """Store ``values`` under ``name`` (once: a known name is left as it is) and return the name."""
        if name in self._protos:
            return name
        if values.nbytes < _INLINE_BYTES:
            self._protos[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
            return name
        return self.add_chunks(name, values.dtype, values.shape, [values])

    def add_chunks(
        self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], chunks: Iterable[NDArray[Any]]
    ) -> str:
        """Store a tensor that arrives in pieces along its first axis."""
        self._file.write(b"\0" * (-self._file.tell() % _PAGE_BYTES))
        offset = self._file.tell()
        for chunk in chunks:
            self._file.write(np.ascontiguousarray(chunk, dtype=dtype).data.cast("B"))
        num_bytes = self._file.tell() - offset
        if num_bytes != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{name}: {num_bytes} bytes do not fill {shape} of {dtype}")
        self._places[name] = (helper.np_dtype_to_tensor_dtype(dtype), offset, num_bytes)
        self._protos[name] = self._external(name, shape, *self._places[name])
        return name

    def alias(self, name: str, stored: str, shape: tuple[int, ...]) -> str:
        """Another tensor over the same bytes as ``stored``, seen in another shape."""
        self._protos[name] = self._external(name, shape, *self._places[stored])
        return name

    def _external(self, name: str, shape: tuple[int, ...], data_type: int, offset: int, num_bytes: int) -> TensorProto:
        proto = TensorProto(name=name, data_type=data_type, data_location=TensorProto.EXTERNAL)
        proto.dims.extend(shape)
        for key, value in (("location", self._path.name), ("offset", str(offset)), ("length", str(num_bytes))):
            proto.external_data.add(key=key, value=value)
        return proto
