"""However a GGUF file's header is damaged, it is read or refused, and nothing else happens."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.errors import WeightsError
from fimble.weights.checkpoint import load_layer, open_checkpoint
from fimble.weights.gguf_header import read_header
from tests.unit import tiny

BYTES_AFTER_A_NAME = (0, 4)
"""Where a key's type and number begin, or a tensor's count of dimensions and its first dimension."""
TELLING_VALUES = (0, 1, 8, 9)
"""No size, a size of one; a text and a list instead of a number."""


@functools.cache
def whole() -> tuple[bytes, int, list[int]]:
    """A tiny file, where its header ends, and the places that say something of sizes and types."""
    with tempfile.TemporaryDirectory() as name:
        path = tiny.write_gguf(tiny.Tiny("llama", ffn=32, num_layers=1), Path(name) / "model.gguf")
        content, header = path.read_bytes(), read_header(path)
        header_bytes = min(tensor.data_offset for tensor in gguf.GGUFReader(str(path)).tensors)
    ends = [content.index(text.encode()) + len(text) for text in (*header.metadata, *header.tensors)]
    return content, header_bytes, [end + offset for end in ends for offset in BYTES_AFTER_A_NAME]


def places() -> st.SearchStrategy[int]:
    _, header_bytes, telling = whole()
    return st.one_of(st.sampled_from(telling), st.integers(0, header_bytes - 1))


def read_or_refuse(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "model.gguf"
        path.write_bytes(content)
        try:
            checkpoint = open_checkpoint(path)
            load_layer(checkpoint, 0)
            checkpoint.tokenizer()
        except WeightsError:
            return


@pytest.mark.parametrize("value", TELLING_VALUES)
def test_a_wrong_size_or_type_is_read_or_refused(value: int) -> None:
    content, _, telling = whole()
    for place in telling:
        read_or_refuse(content[:place] + bytes([value]) + content[place + 1 :])


@settings(max_examples=100, deadline=None)
@given(
    flips=st.lists(st.tuples(st.deferred(places), st.integers(0, 255)), max_size=3),
    kept_bytes=st.one_of(st.none(), st.deferred(places)),
)
def test_a_damaged_header_is_read_or_refused(flips: list[tuple[int, int]], kept_bytes: int | None) -> None:
    damaged = bytearray(whole()[0])
    for place, value in flips:
        damaged[place] = value
    read_or_refuse(bytes(damaged[:kept_bytes]))
