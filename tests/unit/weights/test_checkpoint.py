"""Both formats give the same tensors; what is not known exactly is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights import architecture as names
from fimble.weights.checkpoint import load_layer, open_checkpoint
from fimble.weights.gguf_header import read_header
from fimble.weights.safetensors_file import dimensions_from_config
from tests.unit import tiny


@pytest.mark.parametrize("case", tiny.CASES)
def test_gguf_and_safetensors_give_the_same(case: str, tmp_path: Path) -> None:
    model = tiny.CASES[case]
    one = open_checkpoint(tiny.write_gguf(model, tmp_path / "model.gguf"))
    other = open_checkpoint(tiny.write_safetensors(model, tmp_path / "folder"))
    assert one.end_tokens[0] == other.end_tokens[0]
    for field in ("num_layers", "hidden", "head_dim", "ffn", "vocabulary_size", "tied_embeddings", "attention_bias"):
        assert getattr(one.dimensions, field) == getattr(other.dimensions, field)
    np.testing.assert_allclose(one.dimensions.rope_divisors, other.dimensions.rope_divisors, rtol=1e-6)
    for index in range(model.num_layers):
        for part in names.LAYER_PARTS:
            if part in names.BIASES and not one.dimensions.attention_bias:
                continue
            name = names.layer_tensor(index, part)
            np.testing.assert_array_equal(one.tensor(name), other.tensor(name))
    np.testing.assert_array_equal(one.rows(names.EMBEDDING, 5, 9), other.tensor(names.EMBEDDING)[5:9])


def test_the_quick_header_reader_equals_the_package(tmp_path: Path) -> None:
    path = tiny.write_gguf(tiny.LLAMA3, tmp_path / "model.gguf", kind=gguf.GGMLQuantizationType.Q5_0)
    quick, slow = read_header(path), gguf.GGUFReader(str(path))
    fields = {key: field.contents() for key, field in slow.fields.items() if not key.startswith("GGUF.")}
    assert quick.metadata == fields
    assert list(quick.tensors) == [tensor.name for tensor in slow.tensors]
    for tensor in slow.tensors:
        found = quick.tensors[tensor.name]
        assert found.type == tensor.tensor_type
        np.testing.assert_array_equal(found.data, tensor.data)


def test_stored_blocks_stand_for_the_same_floats(tmp_path: Path) -> None:
    source = tiny.write_gguf(tiny.QWEN2, tmp_path / "model.gguf", kind=gguf.GGMLQuantizationType.Q8_0)
    checkpoint = open_checkpoint(source)
    blocks = checkpoint.blocks(names.OUTPUT, 3, 11)
    assert blocks is not None
    np.testing.assert_array_equal(blocks.values(64), checkpoint.rows(names.OUTPUT, 3, 11))


def test_shards_and_short_floats_are_read(tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path)
    (folder / "model.safetensors").unlink()
    tensors = tiny.weights(tiny.QWEN2)
    placed = {name: f"model-{index % 2}.safetensors" for index, name in enumerate(tensors)}
    for shard, kind in (("model-0.safetensors", ml_dtypes.bfloat16), ("model-1.safetensors", np.float16)):
        save_file({n: tensors[n].astype(kind) for n, place in placed.items() if place == shard}, str(folder / shard))
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": placed}), encoding="utf-8")
    for source in (folder, index):
        checkpoint = open_checkpoint(source)
        found = checkpoint.tensor("layers.1.down")
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, tensors["model.layers.1.mlp.down_proj.weight"], rtol=0.01)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt", "weights.pkl"])
def test_pickled_files_are_refused_unopened(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedArchitecture, match="can run any code"):
        open_checkpoint(tmp_path / name)


def test_a_folder_with_only_pickled_weights_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UnsupportedArchitecture, match="only pickled weights"):
        open_checkpoint(folder)


@pytest.mark.parametrize("keep", [0, 3, 40, 3000, -200])
def test_a_cut_gguf_file_is_refused(keep: int, tmp_path: Path) -> None:
    path = tiny.write_gguf(tiny.QWEN2, tmp_path / "model.gguf")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WeightsError, match="not a readable GGUF"):
        open_checkpoint(path)


def test_a_cut_safetensors_file_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path)
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="cannot be read"):
        open_checkpoint(folder)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    tensors = tiny.weights(tiny.QWEN2)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    for checkpoint in (
        open_checkpoint(tiny.write_gguf(tiny.QWEN2, tmp_path / "model.gguf", tensors)),
        open_checkpoint(tiny.write_safetensors(tiny.QWEN2, tmp_path / "folder", tensors)),
    ):
        with pytest.raises(WeightsError, match="up"):
            load_layer(checkpoint, 1)


def test_a_tensor_of_another_shape_is_refused(tmp_path: Path) -> None:
    tensors = tiny.weights(tiny.QWEN2)
    tensors["model.layers.0.mlp.down_proj.weight"] = np.zeros((64, 96), np.float32)
    checkpoint = open_checkpoint(tiny.write_safetensors(tiny.QWEN2, tmp_path, tensors))
    with pytest.raises(WeightsError, match=r"layers\.0\.down has the shape"):
        load_layer(checkpoint, 0)


def test_a_folder_without_its_tokenizer_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(WeightsError, match=r"tokenizer\.json"):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"model_type": "starcoder2"}, "starcoder2"),
        ({"model_type": "qwen3"}, "qwen3"),
        ({"hidden_act": "gelu"}, "gelu"),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0}}, "yarn"),
        ({"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4}}, "dynamic"),
        ({"partial_rotary_factor": 0.5}, "part of each head"),
        ({"num_key_value_heads": 3}, "3 key-value heads"),
    ],
)
def test_unknown_architectures_are_refused_with_a_way_out(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UnsupportedArchitecture, match=complaint) as failure:
        dimensions_from_config({**tiny.QWEN2.config, **change}, attention_bias=True)
    assert "Qwen2 and Llama" in failure.value.hint
    assert "`export` extra" in failure.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"num_attention_heads": 0},
        {"hidden_size": "abc"},
        {"hidden_size": [64]},
        {"hidden_size": 2**40, "rope_scaling": {"type": "linear", "factor": 4.0}},
        {"rope_scaling": "x"},
        {"rope_scaling": {"type": "linear"}},
        {"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 0, "high_freq_factor": 0}},
        {"rope_theta": float("nan")},
        {"rms_norm_eps": float("inf")},
        {"max_position_embeddings": float("inf")},
    ],
)
def test_a_config_without_meaning_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WeightsError):
        dimensions_from_config({**tiny.QWEN2.config, **change}, attention_bias=True)


@pytest.mark.parametrize("change", [{"num_hidden_layers": 10**9}, {"eos_token_id": "x"}, {"eos_token_id": ["x"]}])
def test_a_config_that_does_not_fit_its_files_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path)
    (folder / "config.json").write_text(json.dumps({**tiny.QWEN2.config, **change}), encoding="utf-8")
    with pytest.raises(WeightsError):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    "index",
    ["{}", '{"weight_map": []}', '{"weight_map": {"a": 5}}', '{"weight_map": {"a": "../b.safetensors"}}', "[" * 10**5],
)
def test_a_damaged_index_of_shards_is_refused(index: str, tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path)
    (folder / "model.safetensors.index.json").write_text(index, encoding="utf-8")
    with pytest.raises(WeightsError, match="index"):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    ("change", "theta"),
    [
        ({}, 10000.0),
        ({"rope_theta": 5e5}, 5e5),
        ({"rope_parameters": {"rope_theta": 1e6, "rope_type": "default"}}, 1e6),
    ],
)
def test_theta_is_read_wherever_it_stands(change: dict[str, Any], theta: float) -> None:
    assert dimensions_from_config({**tiny.QWEN2.config, **change}, attention_bias=True).rope_theta == theta


def test_mistral_is_llama_up_to_its_window() -> None:
    config = {**tiny.LLAMA.config, "model_type": "mistral", "sliding_window": 256}
    found = dimensions_from_config(config, attention_bias=False)
    assert (found.architecture, found.context_length) == ("llama", 256)


def test_linear_scaling_divides_every_frequency() -> None:
    config = {**tiny.LLAMA.config, "rope_scaling": {"type": "linear", "factor": 4.0}}
    found = dimensions_from_config(config, attention_bias=False)
    plain = dimensions_from_config(tiny.LLAMA.config, attention_bias=False)
    np.testing.assert_allclose(names.rope_tables(found, 9)[1][8], names.rope_tables(plain, 9)[1][2], rtol=1e-6)


def test_an_unknown_gguf_architecture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    writer = gguf.GGUFWriter(str(path), "starcoder2")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(UnsupportedArchitecture, match="starcoder2"):
        open_checkpoint(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedArchitecture, match="no model file"):
        open_checkpoint(tmp_path / "model.onnx")
