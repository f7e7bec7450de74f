"""``fimble models`` tells what can be had and what is here, and removes it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fimble import config
from fimble.errors import AdapterInvalid, ModelNotInstalled, UnknownModel
from fimble.weights import adapters, catalog, manifest, store
from fimble.weights.adapter import write_adapter
from fimble.weights.entry_text import to_toml
from fimble.weights.manifest import Manifest
from tests.unit import adapters as made
from tests.unit import tiny
from tests.unit.cli.commands import run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    monkeypatch.delenv("FIMBLE_MODEL", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def install(name: str, precision: str = "int8") -> Path:
    with store.lock(name), store.staging(name, precision) as folder:
        for file in (manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER):
            (folder / file).write_bytes(bytes(1_000_000))
        plain = Manifest(name, precision, "qwen2", "a" * 64, "qwen2.5-coder", 64, 32, 2, 1, 8, (3,))
        manifest.with_files(plain, folder).save(folder)
    return store.model_folder(name, precision)


def listed() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(run("models", "--json"))}


def test_every_model_is_listed_with_its_state() -> None:
    install(config.DEFAULT_MODEL)
    install("gone")
    rows = listed()
    default = rows[config.DEFAULT_MODEL]
    assert (default["state"], default["precisions"], default["is_default"]) == ("ok", ["int8"], True)
    assert default["installed_bytes"] > 3_000_000
    assert default["download_bytes"] == 491_400_064
    other = rows["qwen2.5-coder-1.5b-instruct"]
    assert (other["state"], other["installed_bytes"], other["is_default"]) == ("not installed", 0, False)
    assert rows["gone"]["state"] == "ok, not in the catalogue"
    table = run("models")
    assert "* qwen2.5-coder-0.5b-instruct 0.5 B Apache-2.0   491 MB  3.0 MB ok (int8)" in table
    assert "not installed" in table


def test_names_are_whole_and_licences_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal of 80 columns, whatever a model card calls its licence."""
    monkeypatch.setenv("COLUMNS", "80")
    catalog.user_folder().mkdir()
    licences = {"one": "m[/b]it [red]", "another": "Apache License, Version 2.0, January 2004, http://www.apache.org"}
    for name, licence in licences.items():
        entry = replace(catalog.find(config.DEFAULT_MODEL), name=name, licence=licence)
        catalog.user_file(name).write_text(to_toml(entry))
    table = run("models")
    assert max(map(len, table.splitlines())) <= 80
    assert {config.DEFAULT_MODEL, "one", "another"} <= set(table.split())
    assert "m[/b]it" in table
    assert "not installed" in table
    assert "…" not in table


def test_another_version_damage_and_parts_of_a_download_are_told_apart() -> None:
    name = config.DEFAULT_MODEL
    folder = install(name)
    replace(manifest.read(folder), format=0).save(folder)
    assert listed()[name]["state"] == "written by another version"
    (install(name, "fp16") / manifest.GRAPH).unlink()
    assert listed()[name]["state"] == "fp16: damaged, int8: written by another version"
    store.remove(name)
    source = store.source_folder(catalog.find(name).file.sha256)
    source.mkdir(parents=True)
    (source / "model.gguf.partial").write_bytes(bytes(10))
    assert listed()[name]["state"] == "part of source"


def test_a_malformed_entry_is_named_beside_the_others(home: Path) -> None:
    (home / "catalogue").mkdir()
    (home / "catalogue" / "mine.toml").write_text("name = 3")
    output = run("models")
    assert "mine.toml: name must be" in output
    assert config.DEFAULT_MODEL in output


def test_removing_asks_first_and_takes_the_source_too(home: Path) -> None:
    name = config.DEFAULT_MODEL
    install(name)
    source = store.source_folder(catalog.find(name).file.sha256)
    source.mkdir(parents=True)
    (source / "model.gguf").write_bytes(bytes(1_000_000))
    with pytest.raises(SystemExit, match="Aborted"):
        run("models", "remove", name, answer="n\n")
    assert store.inspect(name, "int8")
    assert "is removed; 4.0 MB are free" in run("models", "remove", name, answer="y\n")
    assert not source.exists()
    assert not (home / "models" / name).exists()
    with pytest.raises(ModelNotInstalled):
        run("models", "remove", name, "--yes")


def test_a_model_that_left_the_catalogue_can_be_removed() -> None:
    install("gone")
    assert "gone is removed" in run("models", "remove", "gone", "--yes")
    with pytest.raises(UnknownModel):
        run("models", "remove", "gone", "--yes")
    with pytest.raises(UnknownModel):
        run("models", "remove", "../..", "--yes")


def test_a_source_in_use_stays_and_is_named() -> None:
    name = config.DEFAULT_MODEL
    install(name)
    sha256 = catalog.find(name).file.sha256
    store.source_folder(sha256).mkdir(parents=True)
    with store.lock(sha256):
        output = run("models", "remove", name, "--yes")
    assert "it stays" in output
    assert f"{name} is removed" in output
    assert store.source_folder(sha256).exists()


def train(root: Path, model: str = config.DEFAULT_MODEL, base_sha256: str = "a" * 64) -> Path:
    folder = adapters.folder_for(root)
    about = made.about(id=folder.name, model=model, root=str(root), base_sha256=base_sha256)
    write_adapter(folder, about, made.tensors(tiny.QWEN2))
    return folder


def test_adapters_are_listed_under_their_model_with_their_figures(tmp_path: Path) -> None:
    install(config.DEFAULT_MODEL)
    ours, theirs, third, fourth = (train(tmp_path / name) for name in ("ours", "theirs", "third", "fourth"))
    (theirs / "adapter.safetensors").write_bytes(b"")
    train(tmp_path / "third", base_sha256="b" * 64)
    train(tmp_path / "fourth", "qwen2.5-coder-1.5b-instruct")
    (train(tmp_path / "fifth") / "adapter.json").write_text("{")
    rows = listed()
    found = {row["id"]: row for row in rows[config.DEFAULT_MODEL]["adapters"]}
    assert {ours.name, theirs.name, third.name} == set(found)
    assert (found[ours.name]["state"], found[ours.name]["root"]) == ("ok", str(tmp_path / "ours"))
    assert found[ours.name]["figures"] == {"exact_match_before": 0.25, "exact_match_after": 0.5}
    assert found[ours.name]["bytes"] > 10_000
    assert found[theirs.name]["state"] == "damaged"
    assert found[third.name]["state"] == "trained on other weights than are installed"
    (other,) = rows["qwen2.5-coder-1.5b-instruct"]["adapters"]
    assert (other["id"], other["state"]) == (fourth.name, "its model is not installed")
    assert [row["state"] for row in rows[""]["adapters"]] == ["damaged"]
    table = run("models")
    assert f"{ours.name}  {tmp_path / 'ours'}" in table
    assert "2026-01-02, ok" in table
    assert "exact match before 0.25, exact match after 0.5" in table


def test_an_adapter_is_removed_by_its_id_or_its_workspace(tmp_path: Path) -> None:
    ours, theirs = train(tmp_path / "ours"), train(tmp_path / "theirs")
    with pytest.raises(SystemExit, match="Aborted"):
        run("models", "remove-adapter", ours.name, answer="n\n")
    assert ours.exists()
    assert f"The adapter of {tmp_path / 'ours'} is removed" in run("models", "remove-adapter", ours.name, "--yes")
    run("models", "remove-adapter", str(tmp_path / "theirs"), "--yes")
    assert not list(theirs.parent.iterdir())
    for name in (ours.name, str(tmp_path / "ours"), "../..", ""):
        with pytest.raises(AdapterInvalid, match="no adapter"):
            run("models", "remove-adapter", name, "--yes")


def test_a_damaged_adapter_can_be_removed(tmp_path: Path) -> None:
    ours = train(tmp_path / "ours")
    (ours / "adapter.json").unlink()
    run("models", "remove-adapter", ours.name, "--yes")
    assert not ours.exists()
