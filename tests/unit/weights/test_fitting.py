"""A graph with an adapter bound answers like the graph of the merged weights; without one, bit for bit as before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fimble.engine.cache import KvCache, Lora
from fimble.engine.session import Session
from fimble.errors import AdapterInvalid, ModelFolderInvalid
from fimble.weights.adapter import PARTS, in_memory
from fimble.weights.checkpoint import open_checkpoint
from fimble.weights.norms import read_norms
from fimble.weights.recipe import FP16, FP32, INT8_BLOCKS, INT8_ROWS, Recipe
from tests.unit import adapters, tiny
from tests.unit.weights import expected
from tests.unit.weights.running import written

NARROW = tiny.changed(tiny.QWEN2, hidden=96, num_heads=6, seed=9)
"""More query heads than a group of two holds: q, k and v are unlike."""
MODELS = {"qwen2": tiny.QWEN2, "llama3": tiny.LLAMA3, "narrow": NARROW}
TOLERANCES = {"fp32": (FP32, 1e-3), "fp16": (FP16, 0.1), "rows": (INT8_ROWS, 0.6), "blocks": (INT8_BLOCKS, 0.6)}
ROUGH = ("fp32", "rows")


def logits(session: Session, tokens: Sequence[int], lora: Lora | None = None) -> NDArray[np.float32]:
    cache = KvCache(session, 256)
    cache.bind(lora or session.plain)
    return session.run(tokens, cache, 0, num_logits=len(tokens))


CASES = [
    *((model, PARTS, recipe) for model in MODELS for recipe in TOLERANCES),
    *(("qwen2", parts, recipe) for parts in (("q", "v"), ("k", "o", "down"), ("gate",), ("up",)) for recipe in ROUGH),
]


@pytest.mark.parametrize(
    ("name", "parts", "recipe"), CASES, ids=lambda one: one if isinstance(one, str) else "".join(one)
)
def test_a_bound_adapter_equals_merged_weights(name: str, parts: Sequence[str], recipe: str, tmp_path: Path) -> None:
    model, (form, tolerance) = MODELS[name], TOLERANCES[recipe]
    tokens, values = expected.tokens(model), adapters.tensors(model, parts)
    folder = tiny.prepared(tmp_path / "base", model, form)
    session = Session(folder / "graph.onnx", "cpu", num_threads=1)
    adapter = in_memory(adapters.about(parts), values)
    found = logits(session, tokens, session.lora(adapter.inputs_for(folder), adapter.fingerprint))
    merged = tiny.write_safetensors(model, tmp_path / "merged", adapters.merged(model, values))
    right = written(open_checkpoint(merged), tmp_path / "right", FP32)(tokens)
    plain = logits(session, tokens)
    assert _distance(found, right) < tolerance
    assert _distance(plain, right) > 4 * _distance(found, right), "the adapter hardly changes the answers"


def _distance(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean((left - right) ** 2)))


@pytest.mark.parametrize("recipe", [FP32, INT8_ROWS])
def test_a_rank_of_0_changes_no_bit(recipe: Recipe, tmp_path: Path) -> None:
    tokens = expected.tokens(tiny.QWEN2)
    folder = tiny.prepared(tmp_path, recipe=recipe)
    session = Session(folder / "graph.onnx", "cpu", num_threads=1)
    never_bound = logits(session, tokens)
    cache = KvCache(session, 256)
    adapter = in_memory(adapters.about(), adapters.tensors(tiny.QWEN2))
    cache.bind(session.lora(adapter.inputs_for(folder), adapter.fingerprint))
    changed = session.run(tokens, cache, 0, num_logits=len(tokens))
    cache.bind(session.plain)
    assert not np.array_equal(changed, never_bound)
    assert np.array_equal(session.run(tokens, cache, 0, num_logits=len(tokens)), never_bound)


def test_smoothed_norms_lie_beside_the_graph(tmp_path: Path) -> None:
    base = tiny.weights(tiny.QWEN2)["model.layers.0.input_layernorm.weight"]
    plain = read_norms(tiny.prepared(tmp_path / "plain", recipe=FP32))
    smoothed = read_norms(tiny.prepared(tmp_path / "smoothed", recipe=INT8_ROWS))
    np.testing.assert_array_equal(plain.norms["layers.0.attn_norm"], base)
    assert np.abs(smoothed.norms["layers.0.attn_norm"] / base - 1).max() > 0.1
    assert (plain.num_q_rows, plain.num_kv_rows) == (64, 32)


def test_a_norm_of_zero_closes_its_channel(tmp_path: Path) -> None:
    values = adapters.tensors(tiny.QWEN2)
    folder = tiny.prepared(tmp_path)
    values["layers.0.attn_norm"][3] = 0
    found = in_memory(adapters.about(), values).inputs_for(folder)
    assert all(np.isfinite(one).all() for one in found.values())


def test_another_base_is_refused(tmp_path: Path) -> None:
    folder = tiny.prepared(tmp_path)
    adapter = in_memory(adapters.about(base_sha256="1" * 64), adapters.tensors(tiny.QWEN2))
    with pytest.raises(AdapterInvalid, match="other weights than those of tiny"):
        adapter.inputs_for(folder)


@pytest.mark.parametrize(
    "model",
    [NARROW, tiny.changed(tiny.QWEN2, num_layers=3), tiny.changed(tiny.QWEN2, num_kv_heads=1)],
    ids=["wider", "deeper", "fewer keys"],
)
def test_other_shapes_are_refused(model: tiny.Tiny, tmp_path: Path) -> None:
    """Though it says that it belongs to this base."""
    adapter = in_memory(adapters.about(), adapters.tensors(model))
    with pytest.raises(AdapterInvalid, match="does not fit"):
        adapter.inputs_for(tiny.prepared(tmp_path))


def test_other_widths_are_refused_by_the_session(tmp_path: Path) -> None:
    folder = tiny.prepared(tmp_path)
    wide = tiny.changed(tiny.QWEN2, ffn=192)
    inputs = in_memory(adapters.about(), adapters.tensors(wide)).inputs_for(folder)
    with pytest.raises(AdapterInvalid, match="does not fit the model"):
        Session(folder / "graph.onnx").lora(inputs, "x")


def test_a_folder_without_norms_is_refused(tmp_path: Path) -> None:
    folder = tiny.prepared(tmp_path)
    (folder / "norms.safetensors").unlink()
    with pytest.raises(ModelFolderInvalid, match="norms"):
        in_memory(adapters.about(), adapters.tensors(tiny.QWEN2)).inputs_for(folder)
