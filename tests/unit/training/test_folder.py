from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from fimble.errors import NotEnoughDisk, TrainingError
from fimble.training import folder
from fimble.training.card import Card, counted, is_dataset, read_card, readme
from fimble.training.folder import check_place, write_dataset
from fimble.training.records import Example, Kind, Split, read_examples
from fimble.training.tokens import tokenisation


def example(number: int, split: Split = Split.TRAIN) -> Example:
    return Example(Kind.FIM, split, f"a{number}.py", "python", "line", "x = ", "\n", f"名字({number})")


EXAMPLES = [example(1), example(2), example(3, Split.VALIDATION), example(4, Split.TEST)]


def card(**given: object) -> Card:
    values: dict[str, object] = {
        "repository": "thing", "created": "2026-01-01T00:00:00+00:00", "seconds": 1.5, "seed": 0,
        "own_licences": ["MIT"], "allowed_licences": [], "num_files": 4, "num_chars": 1234,
        "files_by_language": {"python": 4},
        "files_by_split": {"train": 2, "validation": 1, "test": 1}, "files_left_out": {"a | b": 1}, "num_commits": 0,
        "commits_passed_over": {}, "history_note": "There is no git history here.", "examples": counted(EXAMPLES),
        "examples_by_language": {"python": 4}, "examples_by_cut": {"line": 4}, "examples_dropped": {},
    }  # fmt: skip
    return Card(**(values | given))  # type: ignore[arg-type]


def names(place: Path) -> list[str]:
    return sorted(file.name for file in place.iterdir())


def test_a_dataset_is_written_and_read_again(tmp_path: Path) -> None:
    out = check_place(tmp_path / "new" / "set", tmp_path / "repository")
    write_dataset(out, card(), EXAMPLES)
    assert names(out) == ["README.md", "card.json", "test.jsonl", "train.jsonl", "validation.jsonl"]
    assert names(out.parent) == ["set"]
    assert [one for split in Split for one in read_examples(out, split)] == EXAMPLES
    assert read_card(out)["examples"]["train"]["fim"] == 2
    assert read_card(out)["num_examples"] == 4
    assert check_place(out, tmp_path) == out
    write_dataset(out, card(seed=7), EXAMPLES[:1])
    assert (read_card(out)["seed"], len([*read_examples(out, Split.TRAIN)])) == (7, 1)
    assert names(out.parent) == ["set"]


def test_anything_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "set"
    out.mkdir()
    assert check_place(out, tmp_path) == out
    write_dataset(out, card(), EXAMPLES)
    (out / "mine.txt").write_text("mine")
    with pytest.raises(TrainingError, match="something else"):
        check_place(out, tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TrainingError, match="is a file"):
        check_place(tmp_path / "file", tmp_path)
    with pytest.raises(TrainingError, match="own place"):
        check_place(tmp_path, tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "card.json").write_text('{"format": "another"}')
    with pytest.raises(TrainingError, match="something else"):
        check_place(tmp_path / "other", tmp_path)


@pytest.mark.parametrize("step", ["write_examples", "readme", "_as_json"])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), NotEnoughDisk),
        (PermissionError(errno.EACCES, "Permission denied"), TrainingError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_what_was_there_stays_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException, raised: type[BaseException]
) -> None:
    out = tmp_path / "set"
    write_dataset(out, card(), EXAMPLES)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(folder, step, fail)
    for place in (out, tmp_path / "fresh"):
        with pytest.raises(raised):
            write_dataset(place, card(seed=9), EXAMPLES)
    assert names(tmp_path) == ["set"]
    assert read_card(out)["seed"] == 0
    assert len([*read_examples(out, Split.TRAIN)]) == 2


def test_a_run_that_was_killed_between_two_steps_is_mended(tmp_path: Path) -> None:
    out = tmp_path / "set"
    write_dataset(out, card(), EXAMPLES)
    out.rename(tmp_path / ".set.fimble-old")
    (tmp_path / ".set.fimble-new").mkdir()
    (tmp_path / ".set.fimble-new" / "train.jsonl.new").write_text('{"half')
    assert check_place(out, tmp_path) == out
    assert names(tmp_path) == ["set"]
    assert is_dataset(out)


def test_the_card_for_people_says_what_programs_are_told() -> None:
    encoder = type("Letters", (), {"encode": lambda _, text: [*text]})()
    told = readme(card(tokenisation=tokenisation("letters", encoder, [], EXAMPLES, 0)))
    head = told.split("---")[1]
    assert "license: mit" in head
    assert "  - split: validation\n    path: validation.jsonl" in head
    assert "| Holes in files | 2 | 1 | 1 |" in told
    assert "| a \\| b | 1 |" in told
    assert "There is no git history here." in told
    assert "| Tokenizer | letters |" in told
    json.dumps(card().to_json())


def test_a_folder_without_a_dataset_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="fimble dataset"):
        read_card(tmp_path)
