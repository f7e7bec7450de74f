"""``fimble clean`` frees what nobody needs, after saying what that is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fimble import config
from fimble.errors import WeightsError
from fimble.index.places import place_of
from fimble.index.store import Store
from fimble.training.runs import Order, run_of
from fimble.weights import adapters, catalog, locks, store
from fimble.weights.adapter import write_adapter
from tests.unit import adapters as made
from tests.unit import tiny
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


def test_half_adapters_and_those_of_gone_workspaces_go_and_others_stay(home: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "here"
    workspace.mkdir()
    for root in (workspace, tmp_path / "gone"):
        folder = adapters.folder_for(root)
        write_adapter(folder, made.about(id=folder.name, root=str(root)), made.tensors(tiny.QWEN2))
    half = home / "adapters" / f".{folder.name}-abc123"
    half.mkdir()
    (half / "adapter.safetensors").write_bytes(bytes(100))
    replaced = home / "adapters" / ".0123456789abcdef-xyz-replaced"
    replaced.mkdir()
    output = run("clean", "--all", "--yes")
    assert "half an adapter" in output
    assert f"adapter of {tmp_path / 'gone'}, which is gone" in output
    left = {path.name for path in (home / "adapters").iterdir()}
    assert left == {"0123456789abcdef", adapters.folder_for(workspace).name}


def test_an_adapter_that_is_being_written_is_left_alone(home: Path) -> None:
    half = home / "adapters" / ".0123456789abcdef-abc"
    half.mkdir(parents=True)
    with locks.held("adapter-0123456789abcdef", lambda _: None, wait=False):
        assert "nothing to clean" in run("clean", "--yes")
    assert "half an adapter" in run("clean", "--yes")


def test_indexes_and_trainings_of_workspaces_that_are_gone_go(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    roots = [tmp_path_factory.mktemp(name) for name in ("kept", "gone")]
    for root in roots:
        place = place_of(root)
        place.begin()
        Store.open(place.folder).close()
        run_of(root).begin(Order(str(root), "some", "f" * 64))
    roots[1].rmdir()
    said = run("clean", "--yes")
    assert f"index of {roots[1]}, which is gone" in said and f"training on {roots[1]}, which is gone" in said
    assert str(roots[0]) not in said
    assert place_of(roots[0]).is_there and len(list((home / "index").glob("*/"))) == 1
    assert run_of(roots[0]).unfinished() is not None and len(list((home / "training").glob("*/"))) == 1
    assert "nothing to clean" in run("clean", "--yes")
