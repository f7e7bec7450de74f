"""``fimble clean`` frees what nobody needs, after saying what that is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fimble import config
from fimble.errors import WeightsError
from fimble.weights import catalog, store
from tests.unit.cli.commands import run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def used(home: Path) -> Path:
    """A home with the default model's source, a part of it, and the source of no known model."""
    needed = store.source_folder(catalog.find(config.DEFAULT_MODEL).file.sha256)
    for path in (
        needed / "model.gguf",
        needed / "model.gguf.partial",
        store.source_folder("f" * 64) / "x.gguf",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(1_000_000))
    (home / "mine.txt").write_text("not fimble's")
    return home


def sources(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "sources").rglob("*") if path.is_file())


def test_an_empty_home_has_nothing_to_clean() -> None:
    assert "nothing to clean" in run("clean")


def test_what_would_go_is_listed_and_goes_only_after_a_yes(used: Path) -> None:
    with pytest.raises(SystemExit, match=r"source of no known model(.|\n)*free 2\.0 MB(.|\n)*Aborted"):
        run("clean", answer="n\n")
    assert len(sources(used)) == 3
    assert "2.0 MB are free again" in run("clean", "--yes")
    assert sources(used) == ["model.gguf"]
    assert "nothing to clean" in run("clean", "--yes")


def test_all_takes_models_and_sources_and_nothing_else(used: Path) -> None:
    folder = store.model_folder("some", "int8")
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(bytes(1_000_000))
    assert "4.0 MB are free again" in run("clean", "--all", "--yes")
    assert not (used / "models").exists()
    assert not (used / "sources").exists()
    assert (used / "mine.txt").exists()


def test_where_an_entry_cannot_be_read_no_source_is_called_unneeded(used: Path) -> None:
    (used / "catalogue").mkdir()
    (used / "catalogue" / "mine.toml").write_text("name = 3")
    output = run("clean", "--yes")
    assert "mine.toml" in output
    assert sources(used) == ["model.gguf", "x.gguf"]


def test_a_home_that_cannot_be_changed_is_told(used: Path) -> None:
    (used / "locks").write_text("")
    with pytest.raises(WeightsError, match="locks cannot be used"):
        run("clean", "--yes")


def test_what_cannot_be_deleted_is_named_and_the_rest_goes(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rmtree = shutil.rmtree

    def failing(place: Path) -> None:
        raise PermissionError(f"{place.name} is in use")

    monkeypatch.setattr(shutil, "rmtree", failing)
    with pytest.raises(SystemExit, match=r"^1: (.|\n)*f is in use(.|\n)*1\.0 MB are free"):
        run("clean", "--yes")
    assert sources(used) == ["model.gguf", "x.gguf"]
    monkeypatch.setattr(shutil, "rmtree", rmtree)
    run("clean", "--yes")


def test_a_foreign_folder_stays_and_breaks_nothing(used: Path) -> None:
    (used / "models" / "a b" / "int8").mkdir(parents=True)
    run("clean", "--all", "--yes")
    run("models")
    assert (used / "models" / "a b" / "int8").is_dir()
    assert not (used / "sources").exists()
