"""What is exported by optimum, and what is refused. That it answers rightly, ``engine/test_architectures.py`` shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights import export as exporting
from fimble.weights import manifest
from fimble.weights.export import can_export, export, main, narrow
from tests.unit import random_models, tiny
from tests.unit.random_models import DECODERS, PAIRS


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


@pytest.mark.parametrize("kind", ["bart", "marian", "mamba9000", "bert"])
def test_an_architecture_that_is_not_served_is_refused(kind: str, tmp_path: Path) -> None:
    """Known to optimum as something else, or to nobody."""
    if not can_export():
        pytest.skip("optimum is not installed")
    source = _source(tmp_path / "source", model_type=kind, is_encoder_decoder=kind in ("bart", "marian"))
    with pytest.raises(UnsupportedArchitecture, match=kind) as failure:
        export(source, tmp_path / "to", _silent)
    assert failure.value.hint
    assert not (tmp_path / "to").exists()


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}, "length of the text"),
        ({"rope_scaling": {"type": "longrope"}}, "length of the text"),
        ({"rope_theta": None, "rope_parameters": {"rope_theta": 1e6}}, "transformers 5"),
    ],
)
def test_positions_that_would_be_misread_on_both_sides_are_refused(
    change: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    config = {key: value for key, value in {**tiny.QWEN2.config, **change}.items() if value is not None}
    source = _source(tmp_path / "source", **config)
    with pytest.raises(WeightsError, match=complaint):
        export(source, tmp_path / "to", _silent)


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    source = _source(tmp_path, n_embd=64, n_head=4, n_layer=2, n_positions=64, vocab_size=100)
    with pytest.raises(WeightsError, match="510 tokens and the model only 100"):
        export(source, tmp_path / "to", _silent)


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
def test_what_cannot_be_exported_leaves_nothing(tmp_path: Path) -> None:
    """The weights are those of a Qwen2: optimum's own complaint, and an empty folder as before."""
    source = _source(tmp_path / "source", n_embd=63, n_head=4, n_layer=2, n_positions=64, vocab_size=512)
    (tmp_path / "to").mkdir()
    with pytest.raises(UnsupportedArchitecture, match="optimum cannot export"):
        export(source, tmp_path / "to", _silent)
    assert list((tmp_path / "to").iterdir()) == []
    with pytest.raises(UnsupportedArchitecture, match="optimum cannot export"):
        export(source, tmp_path / "new", _silent)
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    source = _source(tmp_path / "source", n_embd=64, n_head=4, n_layer=2, n_positions=64, vocab_size=512)
    with pytest.raises(WeightsError, match="not empty"):
        export(source, source, _silent)
    assert (source / "model.safetensors").is_file()


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
def test_the_command_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random_models.write_source(DECODERS["gpt2"], tmp_path / "source")
    main([str(tmp_path / "source"), str(tmp_path / "to"), "--prompt-family", "plain"])
    made = manifest.load(tmp_path / "to")
    assert (made.architecture, made.prompt_family, made.is_growing) == ("gpt2", "plain", True)
    assert f"{made.num_bytes} bytes" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "to").iterdir()} == {*made.files, "manifest.json"}


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
@pytest.mark.parametrize("kind", ["starcoder2", "t5"])
def test_weights_that_lie_beside_a_graph_come_along(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of models over 2 GB do: what optimum writes, and what 8 bits are written as."""
    import onnx

    from fimble.cli.wiring import runner_for

    random_models.write_source({**DECODERS, **PAIRS}[kind], tmp_path / "source")
    export(tmp_path / "source", tmp_path / "whole", _silent)
    run_optimum = exporting._run_optimum

    def apart(source: Path, folder: Path, task: str) -> None:
        run_optimum(source, folder, task)
        for path in folder.glob("*.onnx"):
            model, beside = onnx.load(str(path)), f"{path.name}_data"
            onnx.save(model, str(path), save_as_external_data=True, location=beside, size_threshold=0)

    monkeypatch.setattr(exporting, "_run_optimum", apart)
    made = export(tmp_path / "source", tmp_path / "apart", _silent)
    data = {"starcoder2": {"model.onnx_data"}, "t5": {"encoder_model.onnx_data", "decoder_model_merged.onnx_data"}}
    assert {name for name in made.files if name.endswith(".onnx_data")} == data[kind]
    assert {path.name for path in (tmp_path / "apart").iterdir()} == {*made.files, "manifest.json"}
    narrowed = narrow(tmp_path / "apart", tmp_path / "inline", _silent)
    assert not any(name.endswith(".onnx_data") for name in narrowed.files)
    monkeypatch.setattr("fimble.weights.exported_graph._INLINE_BYTES", 0)
    beside = narrow(tmp_path / "apart", tmp_path / "beside", _silent)
    assert any(name.endswith(".onnx_data") for name in beside.files)
    tokens = list(range(20, 60))
    for left, right in (("whole", "apart"), ("inline", "beside")):
        rows = [runner_for(tmp_path / place, manifest.load(tmp_path / place), 3)(tokens) for place in (left, right)]
        np.testing.assert_array_equal(rows[0], rows[1])
