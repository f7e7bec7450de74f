"""Crafted GGUF files: whatever a header says, the answer is ``WeightsError``."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import gguf
import pytest

from fimble.errors import WeightsError
from fimble.weights.gguf_file import GgufCheckpoint
from fimble.weights.gguf_header import read_header
from tests.unit import tiny

_UINT32, _STRING, _ARRAY = (gguf.GGUFValueType[name].value for name in ("UINT32", "STRING", "ARRAY"))


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def _file(path: Path, key: str, value: bytes, tensors: bytes = b"", num_tensors: int = 0) -> Path:
    header = b"GGUF" + struct.pack("<IQQ", 3, num_tensors, 1) + _text(key) + value
    path.write_bytes(header + tensors + bytes(256))
    return path


@pytest.mark.parametrize(
    "value",
    [
        struct.pack("<II", _UINT32, 0),
        struct.pack("<I", _STRING) + _text("x"),
        struct.pack("<IIQI", _ARRAY, _UINT32, 1, 32),
    ],
)
def test_an_alignment_without_meaning_is_refused(value: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="aligned"):
        read_header(_file(tmp_path / "model.gguf", "general.alignment", value))


def test_lists_in_lists_without_end_are_refused(tmp_path: Path) -> None:
    nested = struct.pack("<I", _ARRAY) + struct.pack("<IQ", _ARRAY, 1) * 5000
    with pytest.raises(WeightsError, match="not a readable GGUF"):
        read_header(_file(tmp_path / "model.gguf", "a", nested))


def test_a_tensor_without_dimensions_is_refused(tmp_path: Path) -> None:
    entry = _text("scalar") + struct.pack("<IIQ", 0, 0, 0)
    path = _file(tmp_path / "model.gguf", "a", struct.pack("<II", _UINT32, 1), entry, 1)
    with pytest.raises(WeightsError, match="no dimensions"):
        read_header(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("qwen2.attention.head_count", 0),
        ("qwen2.attention.head_count", [4, 4]),
        ("qwen2.embedding_length", "wide"),
        ("qwen2.block_count", 2**32 - 1),
        ("qwen2.rope.freq_base", "fast"),
        ("qwen2.rope.scale_linear", "far"),
        ("tokenizer.ggml.eos_token_id", [1]),
        ("tokenizer.ggml.token_type", 3),
        ("tokenizer.ggml.tokens", [[1]]),
    ],
)
def test_metadata_without_meaning_is_refused(
    key: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny.write_gguf(tiny.QWEN2, tmp_path / "model.gguf")
    header = read_header(path)
    header.metadata[key] = value
    monkeypatch.setattr("fimble.weights.gguf_file.read_header", lambda _: header)
    with pytest.raises(WeightsError):
        GgufCheckpoint(path).tokenizer()


def test_rows_that_are_not_whole_heads_are_refused(tmp_path: Path) -> None:
    tensors = tiny.weights(tiny.LLAMA)
    name = "model.layers.0.self_attn.q_proj.weight"
    path = tiny.write_gguf(tiny.LLAMA, tmp_path / "model.gguf", {**tensors, name: tensors[name][:56]}, permuted=False)
    with pytest.raises(WeightsError, match="whole heads"):
        GgufCheckpoint(path).tensor("layers.0.q")
