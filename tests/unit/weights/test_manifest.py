"""A folder is loaded only when it is whole and of this version."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fimble.errors import ModelFolderInvalid
from fimble.weights import manifest
from fimble.weights.manifest import Manifest
from fimble.weights.progress import Progress

ALL_FILES = {name: {"bytes": 1, "sha256": "x"} for name in (manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder with three small files."""
    place = tmp_path / "tiny" / "int8"
    place.mkdir(parents=True)
    for name in (manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER):
        (place / name).write_bytes(name.encode() * 3)
    manifest.with_files(written(), place).save(place)
    return place


def written() -> Manifest:
    return Manifest(
        model="tiny",
        precision="int8",
        architecture="qwen2",
        source_sha256="0" * 64,
        prompt_family="qwen2.5-coder",
        context_length=64,
        vocabulary_size=32,
        num_layers=2,
        num_kv_heads=1,
        head_dim=8,
        end_tokens=(3, 4),
        verification={"agreement": 1.0},
    )


def test_what_is_saved_is_loaded(folder: Path) -> None:
    loaded = manifest.load(folder)
    assert loaded == manifest.with_files(written(), folder)
    assert loaded.end_tokens == (3, 4)
    assert loaded.num_bytes == sum((folder / name).stat().st_size for name in loaded.files)
    manifest.check_bytes(folder, loaded)


def test_a_folder_of_another_version_is_refused_with_both_versions_named(folder: Path) -> None:
    replace(manifest.read(folder), format=manifest.FORMAT + 7).save(folder)
    with pytest.raises(ModelFolderInvalid, match=rf"format {manifest.FORMAT + 7}.* reads {manifest.FORMAT}") as error:
        manifest.load(folder)
    assert "fimble setup tiny --force" in error.value.hint
    assert manifest.format_of(folder) == manifest.FORMAT + 7


@pytest.mark.parametrize("name", [manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelFolderInvalid, match=f"{name} is missing"):
        manifest.load(folder)


def test_a_truncated_file_is_named_with_its_sizes(folder: Path) -> None:
    (folder / manifest.WEIGHTS).write_bytes(b"x")
    with pytest.raises(ModelFolderInvalid, match=r"weights\.bin has 1 bytes instead of 33"):
        manifest.load(folder)


def test_an_altered_file_of_the_right_size_is_found_by_reading_it(folder: Path) -> None:
    (folder / manifest.WEIGHTS).write_bytes(b"?" * 33)
    loaded = manifest.load(folder)
    with pytest.raises(ModelFolderInvalid, match=r"weights\.bin is damaged"):
        manifest.check_bytes(folder, loaded)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": true}', "\x00"])
def test_a_file_that_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / manifest.FILE_NAME).write_text(text)
    with pytest.raises(ModelFolderInvalid):
        manifest.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", None),
        ("num_layers", "two"),
        ("head_dim", True),
        ("files", []),
        ("files", {"../graph.onnx": {"bytes": 1, "sha256": "x"}}),
        ("files", {**ALL_FILES, "..": {"bytes": 1, "sha256": "x"}}),
        ("files", {**ALL_FILES, "": {"bytes": 1, "sha256": "x"}}),
        ("files", {}),
        *(("files", {name: ALL_FILES[name] for name in ALL_FILES if name != missing}) for missing in ALL_FILES),
        ("files", {"graph.onnx": {"bytes": 1}}),
        ("end_tokens", 3),
    ],
)
def test_a_manifest_with_a_wrong_value_is_called_damaged(folder: Path, key: str, value: object) -> None:
    path = folder / manifest.FILE_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelFolderInvalid, match="damaged"):
        manifest.load(folder)


def test_a_missing_key_and_a_missing_manifest_are_refused(folder: Path) -> None:
    path = folder / manifest.FILE_NAME
    values = json.loads(path.read_text())
    del values["prompt_family"]
    path.write_text(json.dumps(values))
    with pytest.raises(ModelFolderInvalid, match="prompt_family is missing"):
        manifest.load(folder)
    path.unlink()
    with pytest.raises(ModelFolderInvalid, match="holds no"):
        manifest.load(folder)
    assert manifest.format_of(folder) is None


def test_an_exported_model_may_hold_its_weights_in_the_graph(folder: Path) -> None:
    exported = replace(written(), precision=manifest.EXPORTED)
    manifest.with_files(exported, folder, (manifest.GRAPH, manifest.TOKENIZER)).save(folder)
    assert manifest.load(folder).precision == manifest.EXPORTED


@pytest.mark.parametrize("other", [replace(written(), model="other"), replace(written(), precision="fp16")])
def test_an_installed_folder_holds_what_it_is_named_after(folder: Path, other: Manifest) -> None:
    assert manifest.load_installed(folder) == manifest.load(folder)
    manifest.with_files(other, folder).save(folder)
    with pytest.raises(ModelFolderInvalid, match="holds another model") as error:
        manifest.load_installed(folder)
    assert "fimble setup tiny" in error.value.hint


def test_reading_everything_tells_how_far_it_is(folder: Path) -> None:
    seen: list[Progress] = []
    loaded = manifest.load(folder)
    manifest.check_bytes(folder, loaded, seen.append)
    assert [step.total_bytes for step in seen] == [loaded.num_bytes] * 3
    assert seen[-1].done_bytes == loaded.num_bytes
    (folder / manifest.GRAPH).unlink()
    with pytest.raises(ModelFolderInvalid, match="cannot be read"):
        manifest.check_bytes(folder, loaded)
