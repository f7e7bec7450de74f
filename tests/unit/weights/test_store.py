"""Models come and go whole; what ended runs left is found, and what living ones use is let be."""

from __future__ import annotations

import errno
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


def fill(folder: Path, content: bytes = b"x") -> None:
    for name in (manifest.GRAPH, manifest.WEIGHTS, manifest.TOKENIZER):
        (folder / name).write_bytes(content)
    plain = Manifest("tiny", folder.name, "qwen2", "a" * 64, "qwen2.5-coder", 64, 32, 2, 1, 8, (3,))
    manifest.with_files(plain, folder).save(folder)


def install(name: str = "tiny", precision: str = "int8", content: bytes = b"x") -> Path:
    with store.lock(name), store.staging(name, precision) as folder:
        fill(folder, content)
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
        assert store.free(store.Leftover(folder, 1, "", "tiny")) == 0
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
