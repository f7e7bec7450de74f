"""``fimble train`` on a tiny model: everything real, from the repository to the adapter that is served."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fimble.cli.training_bars import TrainingBars, amount_of, in_words
from fimble.errors import ConfigError, DocumentError, ModelNotInstalled, TrainingError, TrainingUnavailable
from fimble.training.progress import Phase, Progress
from fimble.training.road import Stage, Step
from fimble.training.runs import run_of
from fimble.weights import adapters, store
from fimble.weights.adapter import read_adapter
from fimble.weights.digest import sha256_of
from fimble.weights.entry import SourceFile
from fimble.weights.prepare import prepare
from fimble.weights.recipe import FP32
from tests.unit import tiny
from tests.unit.cli.commands import run
from tests.unit.training.made_repository import NOUNS, write_repository

TINY = tiny.changed(tiny.QWEN2_TIED, vocabulary=512)
ENTRY = """
name = "tiny"
title = "Tiny"
licence = "MIT"
architecture = "qwen2"
prompt_family = "qwen2.5-coder"
context_length = 1024
parameters = 200_000
format = "gguf"

[file]
name = "tiny.gguf"
bytes = {num_bytes}
sha256 = "{sha256}"

[[source]]
kind = "folder"
path = "{folder}"
"""
OPTIONS = (
    *("--held-out", "12", "--general", "12", "--rank", "4"),
    *("--epochs", "1", "--max-tokens", "160", "--device", "cpu"),
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("FIMBLE_HOME", str(home))
    monkeypatch.setenv("FIMBLE_MODEL", "tiny")
    monkeypatch.setenv("FIMBLE_PROVIDER", "cpu")
    return home


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = write_repository(tmp_path / "work")
    for noun in NOUNS[9:]:
        (folder / "shop" / f"{noun}.py").unlink()
    return folder


def install(home: Path) -> Path:
    """The tiny model with its catalogue entry; returns its source."""
    source = tiny.write_gguf(TINY, home / "kept" / "tiny.gguf")
    sha256 = sha256_of(source)
    (home / "catalogue").mkdir()
    (home / "catalogue" / "tiny.toml").write_text(
        ENTRY.format(num_bytes=source.stat().st_size, sha256=sha256, folder=source.parent)
    )
    folder = store.model_folder("tiny", "fp32")
    folder.mkdir(parents=True)
    entry = replace(tiny.entry(TINY), file=SourceFile("tiny.gguf", source.stat().st_size, sha256))
    prepare(source, entry, FP32, folder, lambda stage, share: None)
    return source


def as_json(*arguments: str) -> dict[str, Any]:
    """What the command prints, without what it tells of its progress beside it."""
    text = run(*arguments, "--json")
    found: dict[str, Any] = json.loads(text[text.index("\n{") :])
    return found


def test_a_model_learns_a_repository_and_serves_what_it_learned(home: Path, repository: Path, tmp_path: Path) -> None:
    source = install(home)
    result = as_json("train", str(repository), *OPTIONS, "--learning-rate", "0.01", "--out", str(tmp_path / "copy"))
    assert result["is_kept"], result["reasons"]
    assert result["repository"]["loss"]["after"] < result["repository"]["loss"]["before"]
    folder = adapters.folder_for(repository)
    assert result["adapter"] == str(folder)
    adapter = read_adapter(folder)
    assert adapter.about.base_sha256 == sha256_of(source) and adapter.about.rank == 4
    page = (folder / "report.html").read_text()
    assert "Kept:" in page and "<svg" in page and "MIT" in page
    assert (tmp_path / "copy" / "report.html").read_text() == page
    assert json.loads((tmp_path / "copy" / "result.json").read_text()) == result


def test_without_torch_it_says_what_to_install_and_does_nothing(
    home: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, gone = importlib.util.find_spec, "torch"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == gone else find(name, *more))
    with pytest.raises(TrainingUnavailable, match=r"torch.*the extra `train`"):
        run("train", str(repository))
    gone = "optuna"
    with pytest.raises(TrainingUnavailable, match=r"optuna.*the extra `train`"):
        run("train", str(repository), "--search", "2")
    assert not (home / "training").exists()


def test_what_would_be_learned_is_shown_without_a_model(home: Path, repository: Path) -> None:
    text = run("train", str(repository), "--dry-run")
    assert "held-out holes can be judged by. Nothing was trained." in text and "MIT" in text
    found = as_json("train", str(repository), "--dry-run")
    assert found["held_out_holes"] >= 12 and found["card"]["num_files"] > 5
    assert not (home / "training").exists()


def test_what_is_missing_is_said_before_anything_is_begun(home: Path, repository: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not a folder"):
        run("train", str(tmp_path / "none"))
    source = install(home)
    with pytest.raises(DocumentError, match="infilling"):
        run("train", str(repository), "--humaneval", str(source))
    other = tiny.write_gguf(tiny.changed(TINY, ffn=192), tmp_path / "other.gguf")
    with pytest.raises(TrainingError, match="was not set up from"):
        run("train", str(repository), "--from", str(other))
    shutil.rmtree(home / "models")
    with pytest.raises(ModelNotInstalled, match="fimble setup tiny"):
        run("train", str(repository))
    assert not (home / "training").exists() and not (home / "adapters").exists()


def test_a_model_from_nothing_needs_a_place(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--out"):
        run("train", "--from-config", str(tmp_path / "tiny.toml"))


def test_a_part_of_a_repository_is_known_as_one(tmp_path: Path) -> None:
    from fimble.cli.train import _repository_around

    (tmp_path / "whole" / "part").mkdir(parents=True)
    (tmp_path / "whole" / ".git").mkdir()
    assert _repository_around(tmp_path / "whole") is None
    assert _repository_around(tmp_path / "whole" / "part") == tmp_path / "whole"


def test_an_option_that_would_do_nothing_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--epochs, --from would have no effect"):
        run("train", "--from-config", str(tmp_path / "tiny.toml"), "--epochs", "3", "--from", "x")


def test_ctrl_c_says_how_it_goes_on(home: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    install(home)
    monkeypatch.setattr("fimble.training.finetune.finetune", interrupted)
    with pytest.raises(SystemExit, match=r"130: [^$]*the same command goes on"):
        run("train", str(repository), *OPTIONS)
    left = run_of(repository).unfinished()
    assert left is not None and left.num_held_out == 12 and left.settings.rank == 4
    assert not (home / "adapters").exists()


def test_a_figure_of_humaneval_is_asked_as_an_editor_asks(tmp_path: Path) -> None:
    from fimble.cli.wiring_training import human_eval_holes

    item = {
        "task_id": "A/1",
        "prompt": "def f(a):\n    '''Add one.'''\n",
        "canonical_solution": "    return a + 1\n",
        "suffix": "\nprint(f(1))\n",
        "test": "",
        "entry_point": "f",
    }
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(item) + "\n")
    (hole,) = human_eval_holes(data, 0, 1)
    assert hole.prefix.endswith("\n    ") and hole.middle == "return a + 1" and hole.suffix.startswith("\n\nprint")


def test_progress_is_told_in_lines_where_there_is_no_terminal() -> None:
    now_s = 0.0
    console = Console(record=True, force_terminal=False, width=120, file=io.StringIO())
    with TrainingBars(console, lambda: now_s) as bars:
        bars.on_step(Step(Stage.DATA, 50, 100, "Cutting examples"))
        bars.on_step(Step(Stage.BEFORE, 0, 40))
        now_s = 31.0
        bars.on_step(Step(Stage.BEFORE, 20, 40))
        bars.on_step(Step(Stage.BEFORE, 21, 40))
        step = Progress(Phase.TRAINING, 3, 10, 1.25, 1.5, 152.4, 95.0, "A note.")
        bars.on_step(Step(Stage.TRAINING, 3, 10, "training", step, "A note."))
        bars.on_step(Step(Stage.TRAINING, 4, 10, "training", replace(step, step=4, note="")))
    assert console.export_text().splitlines() == [
        "Cutting examples ...",
        "Asking the model as it is ...",
        "Asking the model as it is: 20 of 40",
        "A note.",
        "Training ...",
        "Training: step 3 of 10 · loss 1.250 · validation 1.500 · 152 tokens/s · 1 min 35 s left",
    ]


def test_what_is_not_known_is_not_said() -> None:
    assert amount_of(Progress(Phase.LOADING)) == "loading the model"
    assert amount_of(Progress(Phase.VALIDATING, 0, 40)) == "step 0 of 40 · validating"
    assert [in_words(seconds) for seconds in (0, 59.6, 3700, -1)] == ["0 s", "1 min 0 s", "1 h 1 min", "0 s"]
