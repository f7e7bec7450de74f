"""``fimble doctor``: its facts on this very machine, and each problem it can name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fimble.cli import app, diagnosis
from fimble.cli.diagnosis import InstalledModel, Runtime
from fimble.config import DEFAULT_MODEL
from fimble.weights import manifest, store
from fimble.weights.manifest import Manifest

CPU = Runtime({"cpu": "1.31.1"}, "cpu", "There is no NVIDIA driver on this machine.")
READY = InstalledModel(DEFAULT_MODEL, "int8", "/models/x", 700, "")


def problems(runtime: Runtime = CPU, model: InstalledModel | None = READY, complaint: str = "") -> list[str]:
    return list(
        diagnosis.find_problems(DEFAULT_MODEL, runtime, [model] if model else [], [complaint] if complaint else [])
    )


def test_on_a_good_machine_there_is_nothing_to_complain_about() -> None:
    assert problems() == []


def test_both_wheels_exclude_each_other() -> None:
    (told,) = problems(Runtime({"cpu": "1.31.1", "gpu": "1.31.1"}, "cuda", ""), READY_FP16)
    assert told.startswith("Both onnxruntime and onnxruntime-gpu are installed")


def test_no_onnxruntime_at_all() -> None:
    (told,) = problems(Runtime({}, "", "onnxruntime cannot be imported (No module)."))
    assert "Install fimble[cpu]" in told


def test_a_gpu_wheel_without_a_gpu() -> None:
    (told,) = problems(Runtime({"gpu": "1.31.1"}, "cpu", "There is no NVIDIA driver on this machine."))
    assert "the CPU is used" in told
    assert "no NVIDIA driver" in told


def test_no_model() -> None:
    (told,) = problems(model=None)
    assert f"fimble setup {DEFAULT_MODEL}" in told


def test_a_model_prepared_for_another_device() -> None:
    (told,) = problems(Runtime({"gpu": "1.31.1"}, "cuda", ""), READY)
    assert "not prepared for cuda" in told


def test_a_damaged_model() -> None:
    damaged = InstalledModel(DEFAULT_MODEL, "int8", "/models/x", 1, "weights.bin is missing.")
    assert problems(model=damaged)[0] == "weights.bin is missing."


def test_a_bad_option() -> None:
    assert problems(complaint="fimble.toml: x is not an option.") == ["fimble.toml: x is not an option."]


READY_FP16 = InstalledModel(DEFAULT_MODEL, "fp16", "/models/x", 990, "")


def test_json_on_this_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "not" / "yet"))
    with pytest.raises(SystemExit) as left:
        app.main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert left.value.code == 1
    assert any("is not ready" in problem for problem in told["problems"])
    assert told["runtime"]["provider"] in ("cpu", "cuda")
    assert told["packages"]["pygls"]
    assert told["machine"]["memory_mb"] > 0
    assert told["free_mb"] > 0
    assert told["home"] == str(tmp_path / "not" / "yet")
    assert set(told["editors"]) == {"VS Code", "Neovim", "Emacs", "Emacs with eglot", "Helix"}


def test_text_on_this_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    with pytest.raises(SystemExit):
        app.main(["doctor"])
    told = capsys.readouterr().out
    for expected in ("Python", "onnxruntime", "int8 helpers", "fimble.server.path", "Problem:", str(tmp_path)):
        assert expected in told, expected


def test_the_printed_command_starts_this_installation() -> None:
    done = subprocess.run([*diagnosis.command(), "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("fimble ")


def test_an_altered_file_of_the_right_size_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    with store.staging(DEFAULT_MODEL, "int8") as folder:
        for file in (manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER):
            (folder / file).write_bytes(b"right")
        plain = Manifest(DEFAULT_MODEL, "int8", "qwen2", "a" * 64, "qwen2.5-coder", 64, 32, 2, 1, 8, (3,))
        manifest.with_files(plain, folder).save(folder)
    assert [model.problem for model in diagnosis.installed_models()] == [""]
    (store.model_folder(DEFAULT_MODEL, "int8") / manifest.WEIGHTS).write_bytes(b"wrong")
    (model,) = diagnosis.installed_models()
    assert "weights.bin is damaged" in model.problem
    assert f"fimble setup {DEFAULT_MODEL}" in model.problem
