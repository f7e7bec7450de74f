"""The road of ``fimble train``: what is kept, what is rolled back, and how it goes on after a kill."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fimble.errors import NothingToLearn, TrainingError
from fimble.training.evaluate import Scored
from fimble.training.finetune import Finetuned
from fimble.training.progress import OnProgress, Phase, Progress
from fimble.training.records import Example, Split, write_examples
from fimble.training.road import Outcome, Stage, Step, Tools
from fimble.training.run import train
from fimble.training.runs import Order, run_of
from fimble.training.settings import Settings
from fimble.weights import locks
from fimble.weights.adapter import Adapter, read_about, read_adapter
from tests.unit.training.judged import hole, scored

BASE = "b" * 64


def finetuned(scale: float, best_step: int) -> Finetuned:
    return Finetuned(
        tensors=tensors(scale),
        base_sha256=BASE,
        base_loss=2.0,
        best_loss=1.4,
        best_step=best_step,
        validation_losses=((0, 2.0), (2, 1.4)),
        train_losses=((1, 2.0), (2, 1.5)),
        num_examples=7,
        num_steps=2,
        num_tokens=300,
        seconds=1.5,
        stopped_why="finished",
        device="CPU",
        curves=Path(),
    )


def tensors(scale: float = 1.0) -> dict[str, NDArray[np.float32]]:
    return {
        "layers.0.q.a": np.full((4, 8), scale, np.float32),
        "layers.0.q.b": np.ones((8, 4), np.float32),
        "layers.0.attn_norm": np.ones(8, np.float32),
        "layers.0.ffn_norm": np.ones(8, np.float32),
    }


@dataclass
class World:
    """A fake of everything that takes long; it notes what was done."""

    root: Path
    adapters: Path
    num_held_out: int = 20
    gain: float = 0.5
    harm: float = 0.0
    base_sha256: str = BASE
    scale: float = 1.0
    best_step: int = 2
    fails_in: str = ""
    done: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def _do(self, what: str) -> None:
        self.done.append(what)
        if self.fails_in == what:
            raise KeyboardInterrupt

    def gather(self, root: Path, out: Path, say: Any) -> None:
        examples = [hole(f"return {number}", path=f"{number}.py") for number in range(self.num_held_out)]
        write_examples(out, [*examples, *(replace(hole(), split=Split.TRAIN) for _ in range(7))])
        (out / "card.json").write_text('{"num_files": 20, "licences": {"MIT": 20}}')
        say("Cutting examples", 1.0)
        self._do("gather")

    def general(self, num_items: int, seed: int) -> Sequence[Example]:
        return [hole(f"general {number}", path=f"lib{number}.py") for number in range(num_items)]

    def search(self, dataset: Path, settings: Settings, out: Path, num_trials: int, tell: OnProgress) -> Settings:
        self._do(f"search {num_trials}")
        return replace(settings, rank=4, learning_rate=0.5)

    def finetune(self, dataset: Path, settings: Settings, out: Path, tell: OnProgress) -> Finetuned:
        (out / "logs").mkdir(parents=True, exist_ok=True)
        (out / "checkpoint").write_text("half")
        tell(Progress(Phase.TRAINING, 1, 2, 2.0, note="A note."))
        self._do(f"finetune {settings.learning_rate}")
        return finetuned(self.scale, self.best_step)

    def load(self) -> World:
        self._do("load")
        return self

    def scorer(self, adapter: Adapter | None) -> Any:
        self.done.append("ask base" if adapter is None else "ask adapter")
        self._adapter = adapter
        return self

    def score(self, item: Example) -> Scored:
        if self.fails_in == "score" and self.done.count("ask adapter"):
            raise KeyboardInterrupt
        shift = 0.0
        if self._adapter is not None:
            shift = self.harm if item.middle.startswith("general") else -self.gain
        return scored(1.0 + shift + len(item.path) / 100, is_exact=shift < 0, answer=f"{shift} <b>")

    def close(self) -> None:
        self.done.append("close")

    def tools(self) -> Tools:
        return Tools(
            fingerprint="f" * 64,
            base_sha256=lambda: self.base_sha256,
            gather=self.gather,
            general=self.general,
            search=self.search,
            finetune=self.finetune,
            load=self.load,
            draw=lambda train, validation, kept: f"<svg>{len(train)} {len(validation)} {kept}</svg>",
            adapter_folder=self.adapters / "0123456789abcdef",
            shown={"HumanEval": [hole("shown", path="he.py")]},
            hardware={"CPU": "one"},
        )

    def train(self, is_fresh: bool = False, **changes: Any) -> Outcome:
        self.done.clear()
        self.notes.clear()
        order = Order(str(self.root), "tiny", BASE, Settings(rank=4, parts=("q",)), num_general=12)
        return train(replace(order, **changes), self.tools(), self.hear, is_fresh)

    def hear(self, step: Step) -> None:
        if step.note:
            self.notes.append(step.note)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    return World((tmp_path / "work").resolve(), tmp_path / "home" / "adapters")


ALL = ["gather", "load", "ask base", "close", "finetune 0.0003", "load", "ask adapter", "close"]


def test_what_helps_is_published_with_its_report(world: World) -> None:
    outcome = world.train()
    assert world.done == ALL and world.notes == ["A note."]
    assert outcome.adapter is not None and outcome.verdict.is_kept
    adapter = read_adapter(outcome.adapter)
    assert adapter.about.figures["loss_before"] - adapter.about.figures["loss_after"] == pytest.approx(0.5)
    assert adapter.about.id == outcome.adapter.name and adapter.about.num_training_examples == 7
    page = (outcome.adapter / "report.html").read_text()
    assert page == outcome.report.read_text() and "Kept" in page and "<svg>2 2 2</svg>" in page
    assert outcome.result["repository"]["num_gained"] == 20 and outcome.result["shown"]["HumanEval"]["num_holes"] == 1
    assert json.loads(run_of(world.root).result.read_text())["is_kept"] is True


def test_of_a_run_that_is_over_only_report_result_and_logs_are_left(world: World) -> None:
    world.train()
    folder = run_of(world.root).folder
    left = {str(place.relative_to(folder)) for place in folder.rglob("*")}
    assert left == {"report.html", "result.json", "run.json", "finetune", "finetune/logs"}
    scores = [file.name for file in (folder.parent / "scores").iterdir()]
    assert len(scores) == 1 and scores[0].startswith("ffff"), "those of the base serve other trainings, too"


@pytest.mark.parametrize(("gain", "harm", "why"), [(0.0, 0.0, "no gain"), (0.5, 0.1, "general code the loss rose")])
def test_what_does_not_help_or_harms_is_rolled_back(world: World, gain: float, harm: float, why: str) -> None:
    world.gain, world.harm = gain, harm
    outcome = world.train()
    assert outcome.adapter is None and why in outcome.verdict.reasons[0]
    assert not world.adapters.exists()
    assert "Rolled back" in outcome.report.read_text() and outcome.result["adapter"] is None


def test_what_was_never_better_is_not_even_asked(world: World) -> None:
    world.best_step = 0
    outcome = world.train()
    assert outcome.adapter is None and world.done == ALL[:5]
    assert "nothing was learned" in outcome.notes[0] and "no gain" in outcome.verdict.reasons[0]


def test_a_run_goes_on_with_another_limit(world: World) -> None:
    world.fails_in = "finetune 0.0003"
    with pytest.raises(KeyboardInterrupt):
        world.train(settings=Settings(rank=4, parts=("q",), max_minutes=5))
    world.fails_in = ""
    outcome = world.train(settings=Settings(rank=4, parts=("q",), max_minutes=9, device="cpu", seed=7))
    settings = outcome.result["settings"]
    assert (settings["max_minutes"], settings["device"], settings["seed"]) == (9, "cpu", 1)


def test_a_run_that_goes_on_says_that_its_examples_are_those_of_before(world: World) -> None:
    world.fails_in = "finetune 0.0003"
    for licences in ((), ("GPL-3.0-only",)):
        with pytest.raises(KeyboardInterrupt):
            world.train(licences=licences)
    assert "keeps the options" in world.notes[0]
    left = run_of(world.root).unfinished()
    assert left is not None and left.licences == ()


def test_an_earlier_adapter_outlives_a_training_that_is_rolled_back(world: World) -> None:
    earlier = world.train().adapter
    assert earlier is not None
    was = read_about(earlier)
    world.gain, world.scale = 0.0, 2.0
    outcome = world.train()
    assert outcome.adapter is None and read_about(earlier) == was
    assert "earlier training stays" in outcome.notes[0] and outcome.notes[0] in outcome.report.read_text()
    world.base_sha256 = "c" * 64
    assert "is not used" in world.train(base_sha256=world.base_sha256).notes[0]
    world.gain, world.scale, world.base_sha256 = 0.5, 3.0, BASE
    outcome = world.train()
    assert read_about(earlier).sha256 != was.sha256 and "takes the place" in outcome.notes[0]


def test_the_base_is_asked_once_for_all_trainings(world: World) -> None:
    world.train()
    world.scale = 2.0
    world.train()
    assert world.done == ["gather", "finetune 0.0003", "load", "ask adapter", "close"]


@pytest.mark.parametrize(
    ("fails_in", "rest"),
    [
        ("gather", ALL),
        ("finetune 0.0003", ALL[4:]),
        ("score", ALL[5:]),
    ],
)
def test_an_interrupted_training_goes_on_where_it_was(world: World, fails_in: str, rest: list[str]) -> None:
    world.fails_in = fails_in
    with pytest.raises(KeyboardInterrupt):
        world.train()
    assert not world.adapters.exists()
    world.fails_in = ""
    outcome = world.train(seed=99)
    assert world.done == rest and outcome.verdict.is_kept
    assert "unfinished training" in world.notes[0] and "keeps the options" in world.notes[0]
    world.scale = 2.0
    world.train()
    assert "gather" in world.done and not any("unfinished" in note for note in world.notes)


def test_the_checkpoints_are_there_when_it_goes_on_and_not_when_it_begins_anew(world: World) -> None:
    world.fails_in = "finetune 0.0003"
    with pytest.raises(KeyboardInterrupt):
        world.train()
    checkpoint = run_of(world.root).finetune / "checkpoint"
    assert checkpoint.exists()
    world.fails_in = "gather"
    with pytest.raises(KeyboardInterrupt):
        world.train(is_fresh=True)
    assert not checkpoint.exists() and world.done == ["gather"]


def test_another_base_begins_anew_aloud(world: World) -> None:
    world.fails_in = "finetune 0.0003"
    with pytest.raises(KeyboardInterrupt):
        world.train()
    world.fails_in, world.base_sha256 = "", "c" * 64
    outcome = world.train(base_sha256="c" * 64)
    assert "begins anew" in world.notes[0] and "gather" in world.done
    assert outcome.adapter is not None and read_about(outcome.adapter).base_sha256 == "c" * 64


def test_a_base_that_changes_meanwhile_publishes_nothing(world: World) -> None:
    world.base_sha256 = "c" * 64
    with pytest.raises(TrainingError, match="set up anew"):
        world.train()
    assert not world.adapters.exists()


def test_a_damaged_note_of_an_earlier_run_begins_anew(world: World) -> None:
    world.fails_in = "finetune 0.0003"
    with pytest.raises(KeyboardInterrupt):
        world.train()
    (run_of(world.root).folder / "run.json").write_text('{"is_done": false, "order"')
    world.fails_in = ""
    world.train()
    assert world.done[0] == "gather"


def test_a_damaged_adapter_that_waits_is_trained_again(world: World) -> None:
    world.fails_in = "score"
    with pytest.raises(KeyboardInterrupt):
        world.train()
    run = run_of(world.root)
    (run.adapter / run.id / "adapter.safetensors").write_bytes(b"")
    world.fails_in = ""
    assert world.train().verdict.is_kept and "finetune 0.0003" in world.done


def test_better_settings_are_searched_for_and_used(world: World) -> None:
    outcome = world.train(num_trials=3)
    assert world.done[4:6] == ["search 3", "finetune 0.5"]
    assert outcome.result["settings"]["learning_rate"] == 0.5


def test_a_search_is_made_once_and_its_time_is_the_trainings(world: World) -> None:
    """Other settings than a checkpoint's would throw it away."""
    world.fails_in = "finetune 0.5"
    with pytest.raises(KeyboardInterrupt):
        world.train(num_trials=3)
    world.fails_in = ""
    run = run_of(world.root)
    noted = json.loads(run.searched.read_text())
    run.searched.write_text(json.dumps({**noted, "minutes": 3}))
    outcome = world.train(num_trials=3, settings=Settings(max_minutes=10, device="cpu"))
    assert world.done[0] == "finetune 0.5" and outcome.result["settings"]["rank"] == 4
    assert outcome.result["settings"]["max_minutes"] == 7
    assert not run.searched.exists()


def test_too_little_to_judge_by_is_said_before_training(world: World) -> None:
    world.num_held_out = 11
    with pytest.raises(NothingToLearn, match="only 11 holes"):
        world.train()
    assert world.done == ["gather"]


def test_training_that_ends_in_no_numbers_is_said(world: World) -> None:
    world.scale = math.nan
    with pytest.raises(TrainingError, match="ended with"):
        world.train()
    assert not world.adapters.exists()


def test_one_at_a_time(world: World) -> None:
    with (
        locks.held(f"training-{run_of(world.root).id}", lambda _: None, wait=False),
        pytest.raises(TrainingError, match="Another fimble is training"),
    ):
        world.train()


def test_a_workspace_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(TrainingError, match="not a folder"):
        run_of(world.root / "none")


def test_the_stages_are_told_in_order(world: World) -> None:
    stages: list[Stage] = []
    order = Order(str(world.root), "tiny", BASE, Settings(rank=4, parts=("q",)), num_general=12)
    train(order, world.tools(), lambda step: stages.append(step.stage))
    assert list(dict.fromkeys(stages)) == [Stage.DATA, Stage.BEFORE, Stage.TRAINING, Stage.AFTER, Stage.VERDICT]
