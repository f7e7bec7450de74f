"""Floats to integers: in blocks along a row, or one scale a row; and exact repacking of GGUF blocks.

Blocks hold unsigned codes around 128 because that is what MatMulNBits and
GatherBlockQuantized read without a zero point: value = (code - 128) * scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fimble.weights.architecture import Float32

ZERO_POINT = 128
_LARGEST = 127
_SMALLEST_SCALE = np.float32(1e-8)
GGML_BLOCK_SIZE = 32


@dataclass(frozen=True, slots=True)
class Blocks:
    """A matrix in 8-bit blocks."""

    codes: NDArray[np.uint8]
    """[rows, blocks, block size]; the last block of a row is padded with 128."""
    scales: Float32
    """[rows, blocks]"""

    def values(self, num_columns: int) -> Float32:
        """The floats the codes stand for, [rows, num_columns]."""
        signed = self.codes.astype(np.float32) - ZERO_POINT
        return (signed * self.scales[..., None]).reshape(len(self.codes), -1)[:, :num_columns]


def quantize_blocks(values: Float32, block_size: int) -> Blocks:
    """Round [rows, columns] to nearest in blocks of ``block_size`` columns."""
    rows, columns = values.shape
    num_blocks = -(-columns // block_size)
    if columns % block_size:
        values = np.pad(values, ((0, 0), (0, num_blocks * block_size - columns)))
    blocks = values.reshape(rows, num_blocks, block_size)
    scales = _scales(blocks)
    codes = np.rint(blocks / scales[..., None])
    codes += ZERO_POINT
    return Blocks(codes.astype(np.uint8), scales)


def quantize_rows(values: Float32) -> tuple[NDArray[np.int8], Float32]:
    """Round [rows, columns] to nearest with one scale a row: codes [rows, columns], scales [rows]."""
    scales = _scales(values)
    return np.rint(values / scales[:, None]).astype(np.int8), scales


def _scales(values: Float32) -> Float32:
    largest: Float32 = np.maximum(values.max(-1), -values.min(-1))
    scales: Float32 = np.maximum(largest / np.float32(_LARGEST), _SMALLEST_SCALE)
    return scales


def repack_q8_0(raw: NDArray[np.uint8]) -> Blocks:
    """GGUF's Q8_0, [rows, bytes]: each block an fp16 scale and 32 signed bytes."""
    scales, body = _split(raw, 34)
    return Blocks(body ^ np.uint8(ZERO_POINT), scales)


def repack_q4_0(raw: NDArray[np.uint8]) -> Blocks:
    """GGUF's Q4_0: an fp16 scale and 16 bytes, low nibbles first; nibbles are around 8."""
    scales, body = _split(raw, 18)
    return Blocks(_nibbles(body) + np.uint8(ZERO_POINT - 8), scales)


def repack_q5_0(raw: NDArray[np.uint8]) -> Blocks:
    """GGUF's Q5_0: an fp16 scale, 32 fifth bits, 16 bytes as in Q4_0; codes are around 16."""
    scales, body = _split(raw, 22)
    fifth = np.unpackbits(body[..., :4], axis=-1, bitorder="little") << np.uint8(4)
    return Blocks((_nibbles(body[..., 4:]) | fifth) + np.uint8(ZERO_POINT - 16), scales)


def _split(raw: NDArray[np.uint8], block_bytes: int) -> tuple[Float32, NDArray[np.uint8]]:
    blocks = np.ascontiguousarray(raw).reshape(len(raw), -1, block_bytes)
    scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16)[..., 0].astype(np.float32)
    return scales, blocks[..., 2:]


def _nibbles(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([packed & np.uint8(15), packed >> np.uint8(4)], axis=-1)
