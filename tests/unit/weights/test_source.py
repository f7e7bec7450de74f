"""A person's own files: the catalogue's bytes are recognised, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fimble.errors import ChecksumMismatch, WeightsError
from fimble.weights import source
from fimble.weights.digest import sha256_of
from fimble.weights.entry import CatalogEntry, SourceFile
from fimble.weights.progress import Progress
from tests.unit import tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.write_safetensors(tiny.QWEN2, tmp_path / "tiny")


def entry_of(folder: Path) -> CatalogEntry:
    """An entry that names each file of the folder."""
    main, *others = (
        SourceFile(name, (folder / name).stat().st_size, sha256_of(folder / name))
        for name in ("model.safetensors", "config.json", "tokenizer.json")
    )
    return replace(tiny.entry(tiny.QWEN2), format="safetensors", file=main, companions=tuple(others))


def test_a_folder_is_the_catalogues_when_each_file_is(folder: Path) -> None:
    entry = entry_of(folder)
    seen: list[Progress] = []
    found = source.local(entry, folder, seen.append)
    assert (found.sha256, found.is_catalogued) == (entry.file.sha256, True)
    assert seen[-1].done_bytes == seen[-1].total_bytes == entry.num_bytes
    assert source.local(entry, folder / "model.safetensors").is_catalogued


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_an_altered_companion_makes_it_another_model(folder: Path, name: str) -> None:
    entry = entry_of(folder)
    (folder / name).write_text((folder / name).read_text(encoding="utf-8") + " ", encoding="utf-8")
    found = source.local(entry, folder)
    assert not found.is_catalogued
    assert found.sha256 != entry.file.sha256
    assert source.local(entry, folder) == found


def test_altered_weights_of_the_same_size_are_refused(folder: Path) -> None:
    entry = entry_of(folder)
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ChecksumMismatch, match="has the size of"):
        source.local(entry, folder)


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    entry = entry_of(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match="holds no model file"):
        source.local(entry, folder)
