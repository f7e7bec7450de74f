from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from fimble.errors import NothingToLearn, TrainingError
from fimble.training.dataset import Dataset, Settings, make
from fimble.training.records import Kind, Split
from tests.unit.training.repository import Repository, function, module


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """20 files."""
    made = Repository(tmp_path / "thing")
    draw = Random(1)
    made.commit("Begin", {f"src/part{number}.py": module(draw, 6) for number in range(20)})
    for number in range(10):
        text = (made.root / f"src/part{number}.py").read_text()
        made.commit("把默认值改成 0" if number % 2 else "Give a better default", {
            f"src/part{number}.py": text.replace("=None", "=0", 1)
        })  # fmt: skip
    return made


def made(repository: Repository, **options: object) -> Dataset:
    return make(repository.root, Settings(**options))  # type: ignore[arg-type]


def test_twenty_files_are_enough(repository: Repository) -> None:
    repository.put("README.md", "# A title\n\n" + "Some words about it, and some more of them.\n" * 20)
    found = made(repository)
    by_split = Counter(one.split for one in found.examples)
    assert by_split[Split.TRAIN] > 150
    assert min(by_split.values()) > 15
    assert {one.kind for one in found.examples if one.split is Split.TRAIN} == set(Kind)
    assert found.card.num_examples == len(found.examples)
    assert found.card.num_commits == 10
    assert found.card.files_by_split["test"] >= 2
    for one in found.examples:
        assert one.middle.strip()
        if one.kind is not Kind.EDIT:
            assert one.prefix + one.middle + one.suffix in (repository.root / one.path).read_text()


def test_an_edit_says_what_to_do_in_the_language_of_its_commit(repository: Repository) -> None:
    edits = {one.instruction.split("\n")[0]: one for one in made(repository).examples if one.kind is Kind.EDIT}
    assert set(edits) == {"Give a better default", "按下面的说明修改代码：把默认值改成 0"}
    one = edits["Give a better default"]
    assert "=None):" in one.instruction and "=0):" in one.middle
    assert one.instruction.startswith("Give a better default\n\n```python\ndef ")
    assert one.cut == "commit" and one.time.startswith("20")


def test_equal_seeds_give_equal_examples_and_others_another_split(repository: Repository) -> None:
    first, second, other = made(repository, seed=1), made(repository, seed=1), made(repository, seed=2)
    assert first.examples == second.examples
    paths = {one.path for one in first.examples if one.split is Split.TEST}
    assert paths != {one.path for one in other.examples if one.split is Split.TEST}


def test_no_more_than_is_asked_for_in_the_same_proportion(repository: Repository) -> None:
    found = made(repository, max_examples=60)
    by_split = Counter(one.split for one in found.examples)
    assert 55 <= len(found.examples) <= 60
    assert 4 <= by_split[Split.TEST] <= 16
    assert sum(one.kind is Kind.EDIT for one in found.examples) <= 15
    assert found.card.examples_dropped["more than was asked for"] > 0


def test_the_history_may_be_left_aside(repository: Repository) -> None:
    found = made(repository, history=False)
    assert not any(one.kind is Kind.EDIT for one in found.examples)
    assert found.card.history_note == "The history was left aside, as asked."


def test_edits_of_what_is_left_out_today_do_not_train(repository: Repository) -> None:
    for path in ("vendor/a.py", "secrets.py", "gone.py"):
        text = module(Random(path), 3)
        repository.commit("Begin that", {path: text})
        repository.commit("Change what is left out", {path: text.replace("=None", "=1", 1)})
    repository.commit("Take it away again")
    for number in range(20):
        repository.commit(f"Later work, part {number}", {f"later{number}.txt": "words\n" * number})
    (repository.root / "gone.py").unlink()
    edits = {one.path for one in made(repository, seed=3).examples if one.kind is Kind.EDIT}
    assert not edits & {"vendor/a.py", "secrets.py"}


def test_a_copied_function_is_not_held_out(repository: Repository) -> None:
    shared = function(Random(99))
    for number in range(20):
        path = f"src/part{number}.py"
        repository.put(path, (repository.root / path).read_text() + "\n\n" + shared)
    found = made(repository)
    body = shared[shared.index('"""\n') + 8 :].strip()
    assert not any(body in one.middle for one in found.examples if one.split is not Split.TRAIN)
    assert found.card.examples_dropped["held out, and yet word for word in what trains"] > 0


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no files"),
        ({"a.png": b"\x89PNG\0", "b.so": b"\0\1"}, "neither code nor prose"),
        ({".env": b"A=1", "id_rsa": b"-----", "credentials": b"x"}, "privacy rules"),
        ({f"{n}.py": b"KEY = 'ghp_" + b"A1b2C3d4" * 5 + b"'\nuse(KEY, for_all)\n" for n in range(9)}, "9 x it holds"),
        ({f"{n}.py": b"# na\xefve caf\xe9 words, and more of these\n" * 9 for n in range(9)}, "9 x its encoding"),
        ({f"{n}.py": b"\0\xff" * 300 for n in range(9)}, "9 x no text"),
        ({f"{n}.md": b"Some words that say something.\n" * 20 for n in range(9)}, "0 files of code"),
        ({f"{n}.py": b"# SPDX-License-Identifier: GPL-3.0-only\nuse(these, words)\n" for n in range(9)}, "GPL"),
    ],
)  # fmt: skip
def test_too_little_is_said_clearly(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    made_of = Repository(tmp_path / "thing", has_history=False)
    for path, text in files.items():
        made_of.put(path, text)
    with pytest.raises(NothingToLearn) as caught:
        made(made_of)
    assert said in str(caught.value)
    if said == "GPL":
        assert "--allow-licence GPL-3.0-only" in caught.value.hint


def test_files_that_say_the_same_leave_nothing_to_hold_out(tmp_path: Path) -> None:
    made_of = Repository(tmp_path / "thing", has_history=False)
    text = module(Random(1), 8)
    for number in range(9):
        made_of.put(f"copy{number}.py", text)
    with pytest.raises(NothingToLearn, match="say the same"):
        made(made_of)


def test_a_repository_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not a folder"):
        make(tmp_path / "nothing")
    with pytest.raises(NothingToLearn, match="private"):
        (tmp_path / ".ssh").mkdir()
        make(tmp_path / ".ssh")
