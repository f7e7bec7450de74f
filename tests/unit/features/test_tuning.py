"""Which adapter answers: noticed as files change, told once where it cannot be used, never mixed with others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from fimble.config import Config
from fimble.engine.base import Adapter, CancelToken
from fimble.engine.fake import ScriptedEngine
from fimble.features.actions.action import Done, Kind, Offer
from fimble.features.generation.steps import Steps
from fimble.features.generation.turn import Turn
from fimble.features.inline import InlineFeature
from fimble.features.tuned import MAX_FEATURES, TunedActions, TunedInline
from fimble.features.tuning import Tuning
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Snapshot
from fimble.weights import adapters
from fimble.weights.adapter import ABOUT, TENSORS, read_about, write_adapter
from tests.unit import adapters as made
from tests.unit import tiny
from tests.unit.features.places import FileTokenizer

MODEL, BASE = "scripted", "0" * 64
TOKENIZER = FileTokenizer()


def number_of(fingerprint: str) -> str:
    """What the scripted engine writes with an adapter."""
    return str(int(fingerprint[:8] or "0", 16))


class Engine(ScriptedEngine):
    """Reads what it is given, as the real one does; says after each prompt which adapter was in use."""

    def __init__(self) -> None:
        super().__init__(lambda prompt: [TOKENIZER.encode(number_of(self.now) + "\n")])
        self.now = ""
        self.num_read = 0
        self.refuses: Exception | None = None

    def use(self, adapter: Adapter | None) -> None:
        if adapter is not None and self.refuses is not None:
            raise self.refuses
        super().use(adapter)
        self.now = adapter.fingerprint if adapter is not None else ""


class Desk:
    def __init__(self, root: Path) -> None:
        self.engine, self.root = Engine(), root
        self.told: list[tuple[str, ...]] = []
        self.tuning = Tuning(self.engine, BASE, lambda uri: str(root) if uri.startswith("file:///ours/") else "")
        self.tuning.listen(self.told.append)
        self.feature = TunedInline(
            self.tuning,
            lambda pace: InlineFeature(
                self.engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config(eagerness=100, thorough=False), pace=pace
            ),
        )

    def train(self, seed: int = 5, **changes: Any) -> Path:
        folder = adapters.folder_for(self.root)
        about = made.about(("q",), id=folder.name, model=MODEL, root=str(self.root))
        write_adapter(folder, about, made.tensors(tiny.QWEN2, ("q",), seed=seed))
        if changes:
            values = json.loads((folder / ABOUT).read_text())
            (folder / ABOUT).write_text(json.dumps({**values, **changes}))
        return folder

    def suggest(self, uri: str = "file:///ours/a.py") -> str:
        outcome = self.feature.suggest(cursor(uri), CancelToken(), is_hurried=True)
        assert outcome.suggestions, outcome
        return outcome.suggestions[0].text


def cursor(uri: str = "file:///ours/a.py") -> Cursor:
    return Cursor(Snapshot(uri, "python", 1, "x = "), 4)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    return Desk(tmp_path / "ours")


def test_a_new_another_and_a_removed_adapter_are_noticed(desk: Desk) -> None:
    uri = "file:///ours/a.py"
    assert desk.tuning.use_for(uri) == desk.engine.now == ""
    first = read_about(desk.train()).sha256
    assert desk.tuning.known_for(uri) is None
    assert desk.tuning.use_for(uri) == desk.engine.now == desk.tuning.known_for(uri) == first
    second = read_about(desk.train(seed=6)).sha256
    assert desk.tuning.known_for(uri) is None
    assert desk.tuning.use_for(uri) == desk.engine.now == second != first
    shutil.rmtree(adapters.folder_for(desk.root))
    assert desk.tuning.known_for(uri) is None
    assert desk.tuning.use_for(uri) == desk.engine.now == desk.tuning.known_for(uri) == ""
    assert desk.told == []


def test_other_documents_and_other_options_get_the_model_as_it_is(desk: Desk) -> None:
    desk.train()
    desk.tuning.use_for("file:///ours/a.py")
    assert desk.engine.now
    for uri in ("file:///theirs/a.py", "untitled:1", "vscode-notebook-cell:/ours/a.ipynb#1"):
        assert desk.tuning.use_for(uri) == desk.engine.now == desk.tuning.known_for(uri) == ""
    desk.tuning.choose(False)
    assert desk.tuning.use_for("file:///ours/a.py") == desk.tuning.known_for("file:///ours/a.py") == ""


def test_an_unchanged_adapter_is_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.train()
    desk.tuning.use_for("file:///ours/a.py")
    monkeypatch.setattr("fimble.features.tuning.read_adapter", lambda folder: pytest.fail("it was read again"))
    desk.tuning.use_none()
    assert desk.tuning.use_for("file:///ours/a.py") == desk.engine.now != ""


def damage(folder: Path) -> None:
    data = bytearray((folder / TENSORS).read_bytes())
    data[-1] ^= 1
    (folder / TENSORS).write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (damage, "not those that were written"),
        (lambda folder: (folder / TENSORS).unlink(), TENSORS),
        (lambda folder: (folder / ABOUT).unlink(), ABOUT),
        (lambda folder: (folder / ABOUT).write_text(""), ABOUT),
    ],
)
@pytest.mark.parametrize("was_in_use", [False, True])
def test_a_damage_is_told_once_for_each_state_of_the_files(
    desk: Desk, harm: Callable[[Path], object], said: str, was_in_use: bool
) -> None:
    """Though the engine may hold the sound one still."""
    uri, folder = "file:///ours/a.py", desk.train()
    if was_in_use:
        assert desk.tuning.use_for(uri)
    harm(folder)
    for _ in range(3):
        assert desk.tuning.use_for(uri) == desk.engine.now == ""
    assert len(desk.told) == 1
    assert said in desk.told[0][0]
    assert "Until then the model answers as it is." in desk.told[0][0]
    desk.train()
    assert desk.tuning.use_for(uri) == desk.engine.now != ""
    assert desk.told[1:] == [()]


def test_the_same_damage_of_other_files_is_told_again(desk: Desk) -> None:
    for _ in range(2):
        damage(desk.train())
        desk.tuning.use_for("file:///ours/a.py")
    assert [len(one) for one in desk.told] == [1, 0, 1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"model": "another"}, "trained on another, and scripted"), ({"base_sha256": "1" * 64}, "other weights")],
)
def test_a_foreign_adapter_is_told(desk: Desk, changes: dict[str, Any], said: str) -> None:
    desk.train(**changes)
    assert desk.tuning.use_for("file:///ours/a.py") == ""
    assert said in desk.told[0][0]
    assert desk.tuning.problems == desk.told[0]


def test_too_little_memory_is_told(desk: Desk) -> None:
    desk.train()
    desk.engine.refuses = MemoryError()
    assert desk.tuning.use_for("file:///ours/a.py") == desk.engine.now == ""
    assert "memory" in desk.told[0][0]


def test_an_adapter_that_goes_while_it_is_read_is_no_damage(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from fimble.weights.adapter import read_adapter

    def gone(folder: Path) -> object:
        shutil.rmtree(folder)
        return read_adapter(folder)

    desk.train()
    monkeypatch.setattr("fimble.features.tuning.read_adapter", gone)
    assert desk.tuning.use_for("file:///ours/a.py") == ""
    assert desk.told == []


def test_where_adapters_are_switched_off_nothing_is_wrong_with_them(desk: Desk) -> None:
    damage(desk.train())
    desk.tuning.use_for("file:///ours/a.py")
    desk.tuning.choose(False)
    assert desk.tuning.problems == ()
    desk.tuning.choose(True)
    assert desk.tuning.use_for("file:///ours/a.py") == ""
    assert [len(told) for told in desk.told] == [1, 0, 1]


def test_what_was_written_with_one_is_not_shown_with_another(desk: Desk) -> None:
    assert desk.suggest() == number_of("")
    first = read_about(desk.train()).sha256
    assert desk.feature.recall(cursor()) is None
    assert desk.suggest() == number_of(first)
    assert desk.suggest("file:///theirs/a.py") == number_of("")
    recalled = desk.feature.recall(cursor())
    assert recalled is not None
    assert (recalled.suggestions[0].text, recalled.adapter) == (number_of(first), first)
    shutil.rmtree(adapters.folder_for(desk.root))
    assert desk.feature.recall(cursor()) is None, "the files are to be looked at first"
    assert desk.suggest() == number_of("")


def test_few_features_are_kept_and_all_tokens_counted(desk: Desk) -> None:
    desk.suggest()
    numbers = [desk.feature.num_run_tokens]
    for seed in range(MAX_FEATURES + 3):
        desk.train(seed=seed)
        desk.suggest()
        numbers.append(desk.feature.num_run_tokens)
    assert all(after > before for before, after in pairwise(numbers))
    assert len(desk.feature._features) == 1 + MAX_FEATURES
    assert "" in desk.feature._features


def test_each_step_of_an_action_runs_with_its_own_adapter(desk: Desk) -> None:
    """Though somebody else has the engine, with none, between two steps."""

    class Actions:
        def steps(self, *asked: object) -> Steps[Done]:
            for _ in range(3):
                seen.append(desk.engine.now)
                yield None
            return Done(markdown="done")

    seen: list[str] = []
    fingerprint = read_about(desk.train()).sha256
    offer = Offer(Kind.EXPLAIN, "", 0, 0)
    steps = TunedActions(desk.tuning, cast(Any, Actions())).steps(offer, cursor().snapshot, Turn(CancelToken()))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            assert end.value.markdown == "done"
            break
        desk.tuning.use_for("file:///theirs/a.py")
    assert seen == [fingerprint] * 3
