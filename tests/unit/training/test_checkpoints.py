"""Whatever stops a run, what lies there under a checkpoint's name is whole, or is passed over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fimble.errors import NotEnoughDisk, TrainingError
from fimble.training.checkpoints import SEAL, Checkpoints, Identity, full_in_words

IDENTITY = Identity("base", "lessons", "settings")


def write(checkpoints: Checkpoints, step: int, text: str = "weights") -> None:
    with checkpoints.new(step) as folder:
        (folder / "model").write_text(text)
        (folder / "state").write_text(f"{step}")


def test_the_newest_is_gone_on_from_and_old_ones_go(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, IDENTITY)
    assert checkpoints.last() is None
    for step in (5, 50, 500):
        write(checkpoints, step)
    last = checkpoints.last()
    assert last is not None and last.name == "checkpoint-500"
    assert sorted(place.name for place in tmp_path.iterdir()) == ["checkpoint-50", "checkpoint-500"]


@pytest.mark.parametrize("damage", ["cut", "altered", "missing", "unsealed", "no JSON", "seal of another form"])
def test_a_damaged_one_is_passed_over_aloud(tmp_path: Path, damage: str) -> None:
    checkpoints = Checkpoints(tmp_path, IDENTITY)
    write(checkpoints, 1)
    write(checkpoints, 2)
    model, seal = tmp_path / "checkpoint-2" / "model", tmp_path / "checkpoint-2" / SEAL
    match damage:
        case "cut":
            model.write_text("weigh")
        case "altered":
            model.write_text("weightz")
        case "missing":
            model.unlink()
        case "unsealed":
            seal.unlink()
        case "no JSON":
            seal.write_text("{")
        case _:
            seal.write_text('{"format": 1, "files": []}')
    notes: list[str] = []
    last = checkpoints.last(notes.append)
    assert last is not None and last.name == "checkpoint-1"
    assert notes == ["checkpoint-2 is damaged and is passed over."]


def test_an_error_while_writing_leaves_the_one_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, IDENTITY)
    write(checkpoints, 1)
    with pytest.raises(KeyboardInterrupt), checkpoints.new(2) as folder:
        (folder / "model").write_text("half")
        raise KeyboardInterrupt
    assert [place.name for place in tmp_path.iterdir()] == ["checkpoint-1"]


def test_what_a_killed_run_left_is_no_checkpoint(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, IDENTITY)
    (checkpoints.writing / "checkpoint-9").mkdir(parents=True)
    (checkpoints.writing / "checkpoint-9" / "model").write_text("half")
    assert checkpoints.last() is None
    write(checkpoints, 1)
    assert [place.name for place in tmp_path.iterdir()] == ["checkpoint-1"]


def test_another_base_is_refused(tmp_path: Path) -> None:
    write(Checkpoints(tmp_path, IDENTITY), 1)
    with pytest.raises(TrainingError, match="another base model"):
        Checkpoints(tmp_path, Identity("other", "lessons", "settings")).last()
    assert Checkpoints(tmp_path, IDENTITY).last() is not None


@pytest.mark.parametrize("other", [Identity("base", "other", "settings"), Identity("base", "lessons", "other")])
def test_other_examples_or_settings_begin_anew_aloud(tmp_path: Path, other: Identity) -> None:
    write(Checkpoints(tmp_path, IDENTITY), 1)
    notes: list[str] = []
    assert Checkpoints(tmp_path, other).last(notes.append) is None
    assert "begins anew" in notes[0]


FULL = """
import resource, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from fimble.errors import NotEnoughDisk
from fimble.training.checkpoints import Checkpoints, Identity

folder = Path(sys.argv[1])
checkpoints = Checkpoints(folder, Identity("base", "lessons", "settings"))
values = {"a": torch.zeros(1 << 18)}
with checkpoints.new(1) as new:
    torch.save(values, new / "optimizer.pt")
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    with checkpoints.new(2) as new:
        if sys.argv[2] == "torch":
            torch.save(values, new / "optimizer.pt")
        elif sys.argv[2] == "safetensors":
            save_file(values, str(new / "trained.safetensors"))
        else:
            (new / "journal.json").write_text("x" * 200_000)
except NotEnoughDisk as error:
    print("full:", error)
last = checkpoints.last()
print("last:", last.name if last else None, sorted(place.name for place in folder.iterdir()))
"""


@pytest.mark.parametrize("writer", ["torch", "safetensors", "python"])
def test_a_disk_that_fills_is_said_and_the_last_whole_one_remains(tmp_path: Path, writer: str) -> None:
    """Whoever writes: a limit on the size of files stands for the end of the disk."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "checkpoints"), writer], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    full, last = done.stdout.strip().splitlines()
    assert full.startswith("full: The disk ran full in ")
    assert last == "last: checkpoint-1 ['checkpoint-1']"


def test_other_errors_are_left_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shapes"), full_in_words(tmp_path):
        raise RuntimeError("shapes do not fit")
    with pytest.raises(NotEnoughDisk), full_in_words(tmp_path):
        raise OSError(28, "No space left on device")
