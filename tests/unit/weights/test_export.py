"""Architectures that only optimum knows: refused without it, exported with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights import manifest
from fimble.weights.export import can_export, export, main
from tests.unit import tiny


def _silent(stage: str, share: float) -> None:
    return None


def _source(folder: Path, **config: Any) -> Path:
    tiny.write_safetensors(tiny.QWEN2, folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "codegen", **config}), encoding="utf-8")
    return folder


@pytest.mark.skipif(can_export(), reason="optimum is installed")
def test_without_optimum_there_is_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedArchitecture, match="codegen") as failure:
        export(_source(tmp_path), tmp_path, _silent)
    assert "`export` extra" in failure.value.hint
    assert "not served yet" in failure.value.hint


def test_a_model_with_its_own_code_is_refused(tmp_path: Path) -> None:
    source = _source(tmp_path, auto_map={"AutoModelForCausalLM": "modeling.Model"})
    with pytest.raises(UnsupportedArchitecture, match="own code"):
        export(source, tmp_path, _silent)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    source = _source(tmp_path)
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    with pytest.raises(UnsupportedArchitecture, match="pickled"):
        export(source, tmp_path, _silent)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "last.ckpt"])
def test_pickled_weights_beside_safetensors_are_refused(name: str, tmp_path: Path) -> None:
    source = _source(tmp_path)
    (source / name).write_bytes(b"")
    with pytest.raises(UnsupportedArchitecture, match=name):
        export(source, tmp_path, _silent)


def test_safetensors_that_transformers_would_pass_over_are_refused(tmp_path: Path) -> None:
    source = _source(tmp_path)
    (source / "model.safetensors").rename(source / "other.safetensors")
    with pytest.raises(UnsupportedArchitecture, match="neither model"):
        export(source, tmp_path, _silent)


@pytest.mark.parametrize("shard", ["sub/model.bin", "../model.safetensors", "absent.safetensors"])
def test_an_index_leads_to_safetensors_beside_it_only(shard: str, tmp_path: Path) -> None:
    source = _source(tmp_path)
    (source / "model.safetensors").unlink()
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": shard}}), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"names no|absent\.safetensors"):
        export(source, tmp_path, _silent)


def test_the_command_names_what_is_wrong_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, to = tmp_path / "source", tmp_path / "to"
    with pytest.raises(SystemExit):
        main([str(source), str(to)])
    assert "is no folder" in capsys.readouterr().err
    tiny.write_safetensors(tiny.QWEN2, source)
    (source / "training_args.bin").write_bytes(b"")
    with pytest.raises(SystemExit) as ending:
        main([str(source), str(to)])
    assert ending.value.code == 1
    assert "training_args.bin" in capsys.readouterr().err
    assert not to.exists()
    to.mkdir()
    with pytest.raises(SystemExit):
        main([str(source), str(to)])
    assert "cannot be made" in capsys.readouterr().err
    assert to.is_dir()


def test_a_missing_tokenizer_is_named(tmp_path: Path) -> None:
    source = _source(tmp_path)
    (source / "tokenizer.json").unlink()
    with pytest.raises(WeightsError, match=r"tokenizer\.json"):
        export(source, tmp_path, _silent)


@pytest.mark.skipif(not can_export(), reason="the `export` extra is not installed: nothing to export with")
def test_an_exported_model_answers_like_its_source(tmp_path: Path) -> None:
    import onnxruntime
    import torch
    import transformers

    from fimble.weights.record import record
    from fimble.weights.samples import VERIFICATION
    from fimble.weights.verify import verify

    torch.manual_seed(1)
    config = transformers.CodeGenConfig(
        vocab_size=512, n_positions=256, n_embd=64, n_layer=2, n_head=4, rotary_dim=8, initializer_range=0.3
    )
    source, folder = tmp_path / "source", tmp_path / "folder"
    transformers.CodeGenForCausalLM(config).save_pretrained(str(source), safe_serialization=True)
    tiny.tokenizer().save(str(source / "tokenizer.json"))
    folder.mkdir()
    made = export(source, folder, _silent)
    assert manifest.load(folder) == made
    assert (made.architecture, made.verification["kv"], made.num_layers) == ("codegen", "growing", 2)
    session = onnxruntime.InferenceSession(str(folder / "graph.onnx"), providers=["CPUExecutionProvider"])

    def run(tokens: list[int]) -> NDArray[np.float32]:
        feeds: dict[str, NDArray[Any]] = {
            "input_ids": np.array([tokens], np.int64),
            "attention_mask": np.ones((1, len(tokens)), np.int64),
            "position_ids": np.arange(len(tokens), dtype=np.int64)[None],
        }
        for value in session.get_inputs():
            if value.name.startswith("past_key_values"):
                feeds[value.name] = np.zeros((1, made.num_kv_heads, 0, made.head_dim), np.float32)
        wanted = {value.name: feeds[value.name] for value in session.get_inputs()}
        logits: NDArray[np.float32] = session.run(["logits"], wanted)[0][0]
        return logits

    assert verify(run, record(source, VERIFICATION[3:6])).passed
