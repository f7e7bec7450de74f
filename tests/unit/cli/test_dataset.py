"""``fimble dataset`` writes what a repository teaches, and refuses places that are not its own."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from fimble.errors import NothingToLearn, TrainingError
from fimble.training.card import read_card
from fimble.training.records import Split, read_examples
from tests.unit.cli.commands import run
from tests.unit.training.repository import Repository, module


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    repository = Repository(tmp_path / "thing", has_history=False)
    for number in range(12):
        repository.put(f"part{number}.py", module(Random(number), 5))
    return repository.root


def test_a_table_and_a_folder(root: Path, tmp_path: Path) -> None:
    said = run("dataset", str(root), "--out", str(tmp_path / "set"), "--seed", "3")
    assert "comment to code" in said
    assert "There is no git history here." in said
    assert "No model is installed" in said
    assert read_card(tmp_path / "set")["seed"] == 3
    assert len([*read_examples(tmp_path / "set", Split.TRAIN)]) > 50


def test_json_and_a_folder_within_the_repository(root: Path) -> None:
    for _ in range(2):
        said = run("dataset", str(root), "--out", str(root / "set"), "--json", "--no-history", "--max-examples", "40")
        card = json.loads(said[said.index("{") :])
        assert card["folder"] == str(root / "set")
        assert card["num_files"] == 12
        assert card["num_examples"] <= 40


def test_it_is_what_training_would_learn_from(root: Path, tmp_path: Path) -> None:
    run("dataset", str(root), "--out", str(tmp_path / "set"))
    looked_at = run("train", str(root), "--dry-run", "--json")
    card = json.loads(looked_at[looked_at.index("{") :])["card"]
    ours = read_card(tmp_path / "set")
    assert (ours["seed"], ours["examples"]) == (card["seed"], card["examples"])


def test_what_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="something else"):
        run("dataset", str(root), "--out", str(tmp_path))
    with pytest.raises(TrainingError, match="not a folder"):
        run("dataset", str(tmp_path / "nowhere"), "--out", str(tmp_path / "set"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToLearn, match="no files"):
        run("dataset", str(tmp_path / "empty"), "--out", str(tmp_path / "set"))
    assert not (tmp_path / "set").exists()
