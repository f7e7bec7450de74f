"""Reads the header of a GGUF file: its metadata and where each tensor lies.

The ``gguf`` package keeps one memory map for every one of a tokenizer's 300,000
strings, which takes nine seconds and 500 MB for a small model; this reads the same
header in well under a second. Tensor types, their sizes and their decoding stay the package's.
Layout: the GGUF specification, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType
from numpy.typing import NDArray

from fimble.errors import WeightsError

_SCALARS = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}
_PLAIN = {GGMLQuantizationType.F32: np.float32, GGMLQuantizationType.F16: np.float16}


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """One tensor: its type, its shape (rows first, as numpy has it) and its mapped bytes."""

    type: GGMLQuantizationType
    shape: tuple[int, ...]
    data: NDArray[Any]
    """Floats in ``shape`` for F32 and F16, else uint8 with the encoded bytes of a row in the last axis."""


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """Metadata by key and tensors by name."""

    metadata: dict[str, Any]
    tensors: dict[str, GgufTensor]


def read_header(path: Path) -> GgufHeader:
    """Read and map ``path``. Raises ``WeightsError`` for anything but a whole GGUF file."""
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return _Reader(mapped).header()
    except (
        *(OSError, MemoryError, struct.error, RecursionError),
        *(ArithmeticError, LookupError, TypeError, ValueError),
    ) as error:
        raise WeightsError(
            f"{path} is not a readable GGUF file ({error}).", "Fetch it again; it may be cut short."
        ) from error


class _Reader:
    def __init__(self, mapped: mmap.mmap) -> None:
        self._bytes = mapped
        self._at = 0

    def header(self) -> GgufHeader:
        if self._bytes[:4] != b"GGUF":
            raise ValueError("it does not begin with GGUF")
        self._at = 4
        version = self._take("I")
        if version not in (2, 3):
            raise ValueError(f"version {version} is not known")
        num_tensors, num_values = self._take("Q"), self._take("Q")
        metadata = {}
        for _ in range(num_values):
            key = self._string()
            metadata[key] = self._value(self._take("I"))
        entries = [self._entry() for _ in range(num_tensors)]
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise ValueError(f"tensors cannot be aligned to {alignment!r} bytes")
        start = -(-self._at // alignment) * alignment
        return GgufHeader(metadata, {entry[0]: self._map(start, *entry[1:]) for entry in entries})

    def _take(self, code: str) -> Any:
        (value,) = struct.unpack_from("<" + code, self._bytes, self._at)
        self._at += struct.calcsize("<" + code)
        return value

    def _string(self) -> str:
        length = self._take("Q")
        start, self._at = self._at, self._at + length
        if self._at > len(self._bytes):
            raise ValueError("a text runs past the end")
        return self._bytes[start : self._at].decode("utf-8")

    def _value(self, number: int) -> Any:
        kind = GGUFValueType(number)
        if kind is GGUFValueType.STRING:
            return self._string()
        if kind is not GGUFValueType.ARRAY:
            return self._take(_SCALARS[kind])
        inner, length = GGUFValueType(self._take("I")), self._take("Q")
        if length > len(self._bytes):
            raise ValueError("a list runs past the end")
        if inner in _SCALARS:
            format_ = f"<{length}{_SCALARS[inner]}"
            values = list(struct.unpack_from(format_, self._bytes, self._at))
            self._at += struct.calcsize(format_)
            return values
        return [self._value(inner) for _ in range(length)]

    def _entry(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._string()
        shape = tuple(self._take("Q") for _ in range(self._take("I")))
        return name, shape[::-1], self._take("I"), self._take("Q")

    def _map(self, start: int, shape: tuple[int, ...], number: int, offset: int) -> GgufTensor:
        kind = GGMLQuantizationType(number)
        block_size, block_bytes = GGML_QUANT_SIZES[kind]
        if not shape:
            raise ValueError("a tensor has no dimensions")
        if shape[-1] % block_size:
            raise ValueError(f"rows of {shape[-1]} are not whole blocks of {block_size}")
        num_bytes = math.prod(shape) // block_size * block_bytes
        begin = start + offset
        if begin + num_bytes > len(self._bytes):
            raise ValueError("a tensor runs past the end")
        raw = np.frombuffer(self._bytes, np.uint8, num_bytes, begin)
        if kind in _PLAIN:
            return GgufTensor(kind, shape, raw.view(_PLAIN[kind]).reshape(shape))
        return GgufTensor(kind, shape, raw.reshape(*shape[:-1], shape[-1] // block_size * block_bytes))
