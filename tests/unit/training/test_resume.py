"""A run that was killed at any moment goes on to the same end as one that was not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fimble.errors import TrainingError
from fimble.training.checkpoints import SEAL
from fimble.training.finetune import finetune
from tests.unit import tiny
from tests.unit.training import killed_run, taught

ROOT = Path(__file__).parents[3]


def run(files: Path, out: Path, where: str = "never", step: int = 0) -> dict[str, Any] | None:
    """What the run printed, None where it was killed."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.unit.training.killed_run"),
            *(str(files / "model.gguf"), str(files / "data"), str(out), where, str(step)),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == -9:
        return None
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return printed


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    taught.source(folder)
    taught.dataset(folder)
    return folder


def test_killed_between_steps_and_while_writing_it_ends_where_an_unbroken_run_ends(files: Path, tmp_path: Path) -> None:
    unbroken = run(files, tmp_path / "unbroken")
    assert unbroken is not None
    out = tmp_path / "killed"
    assert run(files, out, "step", 5) is None
    assert run(files, out, "writing", 9) is None
    names = sorted(path.name for path in (out / "checkpoints").glob("checkpoint-*"))
    assert names and all((out / "checkpoints" / name / SEAL).is_file() for name in names)
    assert (out / "checkpoints" / ".writing" / "checkpoint-9").is_dir()
    resumed = run(files, out)
    assert resumed is not None
    assert resumed["notes"] == ["Going on from checkpoint-8."]
    assert resumed["num_steps"] == unbroken["num_steps"] > 12
    assert resumed["num_tokens"] == unbroken["num_tokens"]
    assert [step for step, _ in resumed["train"]] == [step for step, _ in unbroken["train"]]
    for name in ("train", "validation"):
        ends = [loss for _, loss in resumed[name]], [loss for _, loss in unbroken[name]]
        assert ends[0] == pytest.approx(ends[1], abs=2e-3), name
    assert unbroken["validation"][-1][1] < unbroken["validation"][0][1] - 1
    assert resumed["sum"] == pytest.approx(unbroken["sum"], rel=1e-3)
    assert not (out / "checkpoints" / ".writing").exists()


@pytest.mark.usefixtures("one_thread")
def test_a_finished_run_is_not_trained_on(files: Path, tmp_path: Path) -> None:
    settings = taught.settings(num_validations=1)
    first, again = (finetune(files / "model.gguf", files / "data", settings, tmp_path) for _ in range(2))
    assert again.num_tokens == first.num_tokens
    assert again.validation_losses == first.validation_losses
    assert all((again.tensors[name] == values).all() for name, values in first.tensors.items())


def test_a_base_that_changed_since_is_refused(files: Path, tmp_path: Path) -> None:
    assert run(files, tmp_path, "step", 3) is None
    other = taught.source(tmp_path / "other", tiny.changed(taught.TINY, seed=9))
    before = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    with pytest.raises(TrainingError, match="another base model"):
        finetune(other, files / "data", killed_run.SETTINGS, tmp_path)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == before
