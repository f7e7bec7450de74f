"""The written graph against transformers' logits and against plain numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from fimble.engine.cache import KvCache
from fimble.engine.session import Session
from fimble.weights import architecture as names
from fimble.weights.calibrate import ForwardPass
from fimble.weights.checkpoint import Checkpoint, load_layer, open_checkpoint
from fimble.weights.recipe import FP16, FP32, INT8_BLOCKS, INT8_ROWS, Recipe
from fimble.weights.verify import measure
from tests.unit import tiny
from tests.unit.weights import expected
from tests.unit.weights.running import written

FP32_TOLERANCE = 2e-4


def _open(model: tiny.Tiny, folder: Path, source: str) -> Checkpoint:
    if source == "gguf":
        return open_checkpoint(tiny.write_gguf(model, folder / "model.gguf"))
    return open_checkpoint(tiny.write_safetensors(model, folder / "safetensors"))


@pytest.mark.parametrize("source", ["gguf", "safetensors"])
@pytest.mark.parametrize("case", tiny.CASES)
def test_fp32_logits_are_those_of_transformers(case: str, source: str, tmp_path: Path) -> None:
    model = tiny.CASES[case]
    run = written(_open(model, tmp_path, source), tmp_path)
    found = run(expected.tokens(model))
    np.testing.assert_allclose(found[-8:], expected.logits(case), atol=FP32_TOLERANCE)


@pytest.mark.parametrize("case", tiny.CASES)
def test_recorded_logits_are_what_transformers_says_today(case: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed: the recorded logits stand alone")
    found = expected.logits_from_transformers(tiny.CASES[case], tmp_path)
    np.testing.assert_allclose(found[-8:], expected.logits(case), atol=FP32_TOLERANCE)


@pytest.mark.parametrize("case", tiny.CASES)
def test_graph_equals_numpy(case: str, tmp_path: Path) -> None:
    model = tiny.CASES[case]
    checkpoint = _open(model, tmp_path, "gguf")
    tokens = expected.tokens(model)
    forward = ForwardPass(model_size := checkpoint.dimensions, checkpoint.tensor(names.EMBEDDING)[tokens])
    for index in range(model_size.num_layers):
        forward.advance(load_layer(checkpoint, index))
    output = names.EMBEDDING if model.tied else names.OUTPUT
    by_numpy = forward.logits(checkpoint.tensor(names.OUTPUT_NORM), checkpoint.tensor(output))
    np.testing.assert_allclose(written(checkpoint, tmp_path)(tokens), by_numpy, atol=FP32_TOLERANCE)


@pytest.mark.parametrize(
    ("recipe", "largest_divergence"), [(FP32, 1e-6), (FP16, 1e-3), (INT8_ROWS, 0.02), (INT8_BLOCKS, 0.02)]
)
@pytest.mark.parametrize("case", tiny.CASES)
def test_every_recipe_stays_close_to_transformers(
    case: str, recipe: Recipe, largest_divergence: float, tmp_path: Path
) -> None:
    run = written(_open(tiny.CASES[case], tmp_path, "gguf"), tmp_path, recipe)
    report = measure(run, expected.references(case))
    assert report.divergence < largest_divergence
    assert report.agreement > 0.9


@pytest.mark.parametrize("recipe", [FP32, INT8_ROWS, INT8_BLOCKS])
def test_chunks_answer_like_one_run(recipe: Recipe, tmp_path: Path) -> None:
    checkpoint = _open(tiny.QWEN2, tmp_path, "gguf")
    tokens = expected.tokens(tiny.QWEN2)
    whole = written(checkpoint, tmp_path / "whole", recipe)(tokens)
    in_chunks = written(checkpoint, tmp_path / "chunks", recipe, chunk=16)(tokens)
    np.testing.assert_allclose(in_chunks, whole, atol=1e-3)


@pytest.mark.parametrize("recipe", [FP32, FP16, INT8_ROWS])
def test_only_the_last_logits_are_computed(recipe: Recipe, tmp_path: Path) -> None:
    tokens = expected.tokens(tiny.QWEN2)
    every = written(_open(tiny.QWEN2, tmp_path, "gguf"), tmp_path, recipe)(tokens)
    session = Session(tmp_path / "graph.onnx", "cpu", num_threads=1)
    last = session.run(tokens, KvCache(session, 64), 0, num_logits=3)
    assert last.shape == (3, tiny.QWEN2.vocabulary)
    np.testing.assert_allclose(last, every[-3:], atol=1e-3)


@pytest.mark.parametrize("recipe", [INT8_ROWS, INT8_BLOCKS])
def test_an_embedding_of_zeros_gives_numbers(recipe: Recipe, tmp_path: Path) -> None:
    tensors = tiny.weights(tiny.LLAMA)
    tensors["model.embed_tokens.weight"][7] = 0
    folder = tiny.write_safetensors(tiny.LLAMA, tmp_path / "source", tensors)
    run = written(open_checkpoint(folder), tmp_path, recipe)
    assert np.isfinite(run([7, 7, 20, 7])).all()


def test_tied_embeddings_are_stored_once(tmp_path: Path) -> None:
    sizes = {}
    for name, model in {"tied": tiny.QWEN2_TIED, "untied": tiny.changed(tiny.QWEN2_TIED, tied=False)}.items():
        written(_open(model, tmp_path / name, "gguf"), tmp_path / name, INT8_BLOCKS)
        sizes[name] = (tmp_path / name / "weights.bin").stat().st_size
    assert sizes["untied"] - sizes["tied"] > tiny.QWEN2_TIED.vocabulary * tiny.QWEN2_TIED.hidden


def test_weights_lie_on_pages(tmp_path: Path) -> None:
    written(_open(tiny.QWEN2, tmp_path, "gguf"), tmp_path, INT8_ROWS)
    model = onnx.load(tmp_path / "graph.onnx", load_external_data=False)
    places = [
        {item.key: item.value for item in tensor.external_data}
        for tensor in model.graph.initializer
        if tensor.external_data
    ]
    assert places
    assert all(place["location"] == "weights.bin" and int(place["offset"]) % 4096 == 0 for place in places)
