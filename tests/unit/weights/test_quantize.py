"""Rounding errors stay within half a step; GGUF's blocks are repacked without any."""

from __future__ import annotations

from collections.abc import Callable

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from fimble.weights.quantize import (
    Blocks,
    quantize_blocks,
    quantize_rows,
    repack_q4_0,
    repack_q5_0,
    repack_q8_0,
)

VALUES = np.random.default_rng(5).standard_normal((6, 160)).astype(np.float32)


@pytest.mark.parametrize("block_size", [32, 64, 128])
def test_blocks_are_within_half_a_step(block_size: int) -> None:
    blocks = quantize_blocks(VALUES, block_size)
    assert blocks.codes.shape == (6, -(-160 // block_size), block_size)
    steps = np.repeat(blocks.scales, block_size, axis=1)[:, :160]
    assert (np.abs(blocks.values(160) - VALUES) <= steps * 0.501).all()


def test_padding_stands_for_zero() -> None:
    assert (quantize_blocks(VALUES, 128).codes[:, 1, 32:] == 128).all()


def test_rows_are_within_half_a_step() -> None:
    codes, scales = quantize_rows(VALUES)
    assert (np.abs(codes * scales[:, None] - VALUES) <= scales[:, None] * 0.501).all()
    assert codes.max() <= 127
    assert codes.min() >= -127


def test_zeros_stay_zero() -> None:
    zeros = np.zeros((2, 64), np.float32)
    assert (quantize_blocks(zeros, 32).values(64) == 0).all()
    assert (quantize_rows(zeros)[0] == 0).all()


@pytest.mark.parametrize(
    ("kind", "repack"),
    [
        (gguf.GGMLQuantizationType.Q8_0, repack_q8_0),
        (gguf.GGMLQuantizationType.Q5_0, repack_q5_0),
        (gguf.GGMLQuantizationType.Q4_0, repack_q4_0),
    ],
)
def test_repacking_is_exact(kind: gguf.GGMLQuantizationType, repack: Callable[[NDArray[np.uint8]], Blocks]) -> None:
    raw = gguf.quants.quantize(VALUES, kind)
    np.testing.assert_array_equal(repack(raw).values(160), gguf.quants.dequantize(raw, kind))
