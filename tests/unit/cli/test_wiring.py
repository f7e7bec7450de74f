"""Which provider serves, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fimble.cli.installed import choose_provider, installed_for
from fimble.cli.wiring import load_engine
from fimble.config import Config
from fimble.errors import ModelNotInstalled, ProviderUnavailable, UnknownModel
from fimble.weights import manifest, store

PROBLEM = "The NVIDIA driver finds no usable GPU."


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.engine.cuda.cuda_problem", lambda: PROBLEM)


def test_the_gpu_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.engine.cuda.cuda_problem", lambda: "")
    assert choose_provider("auto") == ("cuda", ())
    assert choose_provider("cuda") == ("cuda", ())
    assert choose_provider("cpu") == ("cpu", ())


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_cannot_be_used_is_told_and_the_cpu_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.engine.cuda.has_nvidia_driver", lambda: True)
    assert choose_provider("auto") == ("cpu", (f"{PROBLEM} The CPU is used.",))


@pytest.mark.usefixtures("no_gpu")
def test_a_machine_without_a_gpu_is_not_told_so_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.engine.cuda.has_nvidia_driver", lambda: False)
    assert choose_provider("auto") == ("cpu", ())


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_is_demanded_and_not_there_is_an_error() -> None:
    with pytest.raises(ProviderUnavailable, match="finds no usable GPU"):
        choose_provider("cuda")


@pytest.mark.parametrize(
    ("verification", "told"), [({"kv": "growing"}, "runs on the CPU only"), ({}, "run 'fimble setup' once more")]
)
def test_a_gpu_that_is_idle_is_told_with_what_can_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verification: dict[str, str], told: str
) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    monkeypatch.setattr("fimble.engine.cuda.cuda_problem", lambda: "")
    name = Config().model
    with store.lock(name), store.staging(name, "int8") as folder:
        for file in (manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER):
            (folder / file).write_bytes(b"x")
        plain = manifest.Manifest(name, "int8", "qwen2", "a" * 64, "plain", 64, 32, 2, 1, 8, (3,))
        manifest.with_files(replace(plain, verification=verification), folder).save(folder)
    found = installed_for(Config(provider="auto"))
    assert found.provider == "cpu"
    assert told in found.notes[0]


def test_a_model_that_is_not_installed_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    with pytest.raises(ModelNotInstalled, match="fimble setup"):
        load_engine(Config(provider="cpu"))
    with pytest.raises(UnknownModel):
        load_engine(Config(model="nosuch", provider="cpu"))
