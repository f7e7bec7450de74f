"""Models come and go whole; what ended runs left is found, and what living ones use is let be."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fimble.errors import ModelNotInstalled, NotEnoughDisk, UnknownModel, WeightsError
from fimble.weights import manifest, store
from fimble.weights.manifest import Manifest
from fimble.weights.progress import Progress
from fimble.weights.store import State


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def fill(folder: Path, content: bytes = b"x", name: str = "tiny", precision: str = "int8") -> None:
    for file in (manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER):
        (folder / file).write_bytes(content)
    plain = Manifest(name, precision, "qwen2", "a" * 64, "qwen2.5-coder", 64, 32, 2, 1, 8, (3,))
    manifest.with_files(plain, folder).save(folder)


def install(name: str = "tiny", precision: str = "int8", content: bytes = b"x") -> Path:
    with store.lock(name), store.staging(name, precision) as folder:
        fill(folder, content, name, precision)
    return store.model_folder(name, precision)


def left(home: Path) -> list[str]:
    """Every file and folder of the models."""
    return sorted(str(path.relative_to(home / "models")) for path in (home / "models").rglob("*"))


def test_a_staged_folder_takes_its_place_when_the_block_ends(home: Path) -> None:
    folder = install()
    assert manifest.load(folder).model == "tiny"
    assert left(home)[:2] == ["tiny", "tiny/int8"]
    assert [(item.name, item.precision, item.state) for item in store.installed()] == [("tiny", "int8", State.OK)]
    assert store.inspect("tiny", "int8").num_bytes > 3


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_an_interrupted_block_leaves_nothing(home: Path, interruption: type[BaseException]) -> None:
    with pytest.raises(interruption), store.staging("tiny", "int8") as folder:
        fill(folder)
        raise interruption
    assert left(home) == []


def test_an_interrupted_replacement_leaves_the_old_model(home: Path) -> None:
    folder = install(content=b"old")
    with pytest.raises(KeyboardInterrupt), store.staging("tiny", "int8") as staged:
        fill(staged, b"new")
        raise KeyboardInterrupt
    assert (folder / manifest.WEIGHTS).read_bytes() == b"old"
    install(content=b"new")
    assert (folder / manifest.WEIGHTS).read_bytes() == b"new"
    assert len(left(home)) == 6


def test_a_disk_that_runs_full_is_called_so(home: Path) -> None:
    with pytest.raises(NotEnoughDisk), store.staging("tiny", "int8"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), store.staging("tiny", "int8"):
        raise PermissionError
    assert left(home) == []


KILLED = """
import os, sys
from fimble.weights import store
with store.lock("tiny"), store.staging("tiny", "int8") as folder:
    (folder / "weights.bin").write_bytes(bytes(1000))
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_run_left_is_offered_and_goes_with_the_next_run(home: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    (leftover,) = store.leftovers(())
    assert (leftover.num_bytes, leftover.owner) == (1000, "tiny")
    assert store.installed() == []
    install()
    assert store.leftovers(()) == []
    assert len(left(home)) == 6


def test_states_tell_damage_from_another_version() -> None:
    (install() / manifest.WEIGHTS).unlink()
    folder = install("older")
    replace(manifest.read(folder), format=0).save(folder)
    states = {item.name: (item.state, item.problem) for item in store.installed()}
    assert states["tiny"][0] is State.DAMAGED
    assert "weights.bin is missing" in states["tiny"][1]
    assert states["older"][0] is State.OTHER_VERSION
    with pytest.raises(ModelNotInstalled):
        store.inspect("tiny", "fp16")


def test_removing_takes_every_precision_and_the_source(home: Path) -> None:
    install()
    install(precision="fp16")
    install("other")
    source = store.source_folder("a" * 64)
    source.mkdir(parents=True)
    (source / "model.gguf").write_bytes(bytes(500))
    assert store.remove("tiny", ["a" * 64, "b" * 64]) > 500
    assert left(home)[:2] == ["other", "other/int8"]
    assert not source.exists()
    with pytest.raises(ModelNotInstalled):
        store.remove("tiny", ["a" * 64])


@pytest.mark.parametrize("name", ["..", "../other", "", ".hidden", "a/b", "/etc"])
def test_a_name_that_is_a_path_is_refused(name: str) -> None:
    with pytest.raises(UnknownModel):
        store.remove(name)


def test_a_model_that_is_being_set_up_is_not_touched(home: Path) -> None:
    with store.lock("tiny"), store.staging("tiny", "int8") as folder:
        fill(folder)
        assert store.leftovers(()) == []
        with pytest.raises(WeightsError, match="at work on tiny"):
            store.remove("tiny")
        with pytest.raises(WeightsError, match="at work on tiny"):
            store.free(store.Leftover(folder, 1, "", "tiny"))
        assert folder.exists()
    assert manifest.load(home / "models" / "tiny" / "int8")


def test_waiting_for_a_lock_is_said() -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from fimble.weights import store\n"
            "with store.lock('tiny'): print('held', flush=True); time.sleep(0.3)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    seen: list[Progress] = []
    with store.lock("tiny", seen.append):
        holder.wait()
    assert "waiting" in seen[0].notice


def test_leftovers_are_partials_wheels_and_sources_of_no_model(home: Path) -> None:
    needed, orphan = store.source_folder("a" * 64), store.source_folder("b" * 64)
    for folder, names in ((needed, ("m.gguf", "m.gguf.partial", "wheels/p.whl")), (orphan, ("o.gguf",))):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(bytes(10))
    install()
    found = store.leftovers({"a" * 64})
    assert {leftover.path.name for leftover in found} == {"wheels", "m.gguf.partial", "b" * 64}
    assert sum(store.free(leftover) for leftover in found) == 30
    assert [path.name for path in needed.iterdir()] == ["m.gguf"]
    assert not orphan.exists()
    assert store.leftovers({"a" * 64}) == []
    everything = store.leftovers({"a" * 64}, everything=True)
    assert {leftover.path for leftover in everything} == {needed, home / "models" / "tiny"}
    for leftover in everything:
        store.free(leftover)
    assert not (home / "models").exists()
    assert not (home / "sources").exists()


def test_a_second_rename_that_fails_leaves_the_old_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install(content=b"old")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if target == folder and not path.name.endswith("-replaced"):
            raise PermissionError("no")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(PermissionError):
        install(content=b"new")
    assert (folder / manifest.WEIGHTS).read_bytes() == b"old"
    assert len(left(home)) == 6


KILLED_BETWEEN_RENAMES = """
import os
from pathlib import Path
from fimble.weights import store
rename = Path.rename
def killing(path, target):
    rename(path, target)
    os.kill(os.getpid(), 9)
Path.rename = killing
with store.lock("tiny"), store.staging("tiny", "int8") as folder:
    (folder / "weights.bin").write_bytes(bytes(1000))
"""


@pytest.mark.parametrize("next_step", ["inspect", "installed", "leftovers", "lock", "staging", "everything"])
def test_a_run_killed_between_the_renames_costs_no_model(home: Path, next_step: str) -> None:
    folder = install(content=b"old")
    subprocess.run([sys.executable, "-c", KILLED_BETWEEN_RENAMES], check=False)
    assert not folder.exists()
    match next_step:
        case "inspect":
            assert store.inspect("tiny", "int8").state is State.OK
        case "installed":
            assert [item.state for item in store.installed()] == [State.OK]
        case "leftovers":
            (leftover,) = store.leftovers(())
            assert leftover.num_bytes == 1000
            store.free(leftover)
            assert len(left(home)) == 6
        case "lock":
            with store.lock("tiny"):
                pass
        case "staging":
            with pytest.raises(RuntimeError), store.staging("tiny", "int8"):
                raise RuntimeError
        case "everything":
            (leftover,) = store.leftovers((), everything=True)
            assert leftover.path == folder.parent
    assert (folder / manifest.WEIGHTS).read_bytes() == b"old"


def test_a_living_replacement_is_not_undone(home: Path) -> None:
    folder = install()
    replaced = folder.with_name(".int8-abcdefgh-replaced")
    with store.lock("tiny"):
        folder.rename(replaced)
        assert store.installed() == []
        with pytest.raises(ModelNotInstalled):
            store.inspect("tiny", "int8")
    assert [item.state for item in store.installed()] == [State.OK]


def test_what_cannot_be_deleted_is_no_space_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install()

    def failing(place: Path) -> None:
        (place / "int8" / manifest.GRAPH).unlink()
        raise PermissionError("weights.bin is in use")

    monkeypatch.setattr(shutil, "rmtree", failing)
    with pytest.raises(WeightsError, match=r"cannot be deleted: weights\.bin is in use"):
        store.remove("tiny")
    (leftover,) = store.leftovers((), everything=True)
    (folder / manifest.GRAPH).touch()
    with pytest.raises(WeightsError, match="cannot be deleted"):
        store.free(leftover)


def test_a_home_that_takes_no_locks_is_told(home: Path) -> None:
    install()
    shutil.rmtree(home / "locks")
    (home / "locks").write_text("")
    with pytest.raises(WeightsError, match="locks cannot be used") as error:
        store.remove("tiny")
    assert "FIMBLE_HOME" in error.value.hint
    with pytest.raises(WeightsError, match="locks cannot be used"):
        store.leftovers((), everything=True)
    assert [item.state for item in store.installed()] == [State.OK]


def test_folders_that_are_not_fimbles_are_let_be(home: Path) -> None:
    install()
    (home / "models" / "a b" / "int8").mkdir(parents=True)
    (home / "models" / ".cache" / ".x-y").mkdir(parents=True)
    (home / "models" / "note.txt").touch()
    (home / "sources" / "mine").mkdir(parents=True)
    assert [item.name for item in store.installed()] == ["tiny"]
    assert store.leftovers(()) == []
    assert [leftover.owner for leftover in store.leftovers((), everything=True)] == ["tiny"]


def test_a_folder_with_another_model_in_it_is_damaged(home: Path) -> None:
    install().rename(home / "models" / "tiny" / "fp16")
    (item,) = store.installed()
    assert item.state is State.DAMAGED
    assert "holds another model: tiny (int8)" in item.problem


def test_altered_bytes_of_the_right_size_are_found_by_reading_all(home: Path) -> None:
    (install() / manifest.WEIGHTS).write_bytes(b"y")
    assert store.inspect("tiny", "int8").state is State.OK
    seen: list[Progress] = []
    found = store.inspect("tiny", "int8", seen.append, read_all=True)
    assert found.state is State.DAMAGED
    assert "weights.bin is damaged" in found.problem
    assert seen[-1].total_bytes == 3
    assert [item.state for item in store.installed(read_all=True)] == [State.DAMAGED]


def test_a_source_in_use_stays_aloud() -> None:
    install()
    for digit in "ab":
        store.source_folder(digit * 64).mkdir(parents=True)
    seen: list[Progress] = []
    with store.lock("a" * 64):
        store.remove("tiny", ["a" * 64, "b" * 64], seen.append)
    assert store.source_folder("a" * 64).exists()
    assert not store.source_folder("b" * 64).exists()
    assert store.installed() == []
    assert "it stays" in seen[0].notice
