from __future__ import annotations

import random
from collections import Counter

import pytest

from fimble.training.records import Example, Kind, Split
from fimble.training.split import Part, split_commits, split_edit, split_files, split_unseen, without_leaks


def parts(sizes: list[int]) -> list[Part]:
    return [Part(f"src/file{number}.py", size, number) for number, size in enumerate(sizes)]


@pytest.mark.parametrize("seed", range(5))
def test_a_tenth_of_the_code_is_held_out_for_each(seed: int) -> None:
    given = parts([random.Random(seed * 1000 + number).randint(200, 9000) for number in range(200)])
    splits = split_files(given, seed)
    total = sum(part.num_chars for part in given)
    for split in (Split.VALIDATION, Split.TEST):
        share = sum(part.num_chars for part in given if splits[part.path] is split) / total
        assert 0.08 < share < 0.13
    assert splits == split_files(reversed(given), seed)
    assert splits != split_files(given, seed + 100)


@pytest.mark.parametrize(
    "sizes", [[5, 5, 5], [1000, 1, 1], [1, 1, 1000, 1], [900, 50, 50], [10] * 20, [1000] + [1] * 19]
)
def test_with_three_files_no_split_is_empty(sizes: list[int]) -> None:
    for seed in range(10):
        counts = Counter(split_files(parts(sizes), seed).values())
        assert all(counts[split] for split in Split)
        assert counts[Split.TRAIN] >= max(counts[Split.TEST], counts[Split.VALIDATION])


def test_files_that_are_alike_stay_together_and_prose_follows_its_hash() -> None:
    given = [Part(f"f{number}.py", 100, number // 4) for number in range(80)]
    given += [Part(f"doc{number}.md", 10_000, 1000 + number, is_code=False) for number in range(60)]
    splits = split_files(given, 3)
    for number in range(0, 80, 4):
        assert len({splits[f"f{number + one}.py"] for one in range(4)}) == 1
    for number in range(60):
        assert splits[f"doc{number}.md"] is split_unseen(f"doc{number}.md", 3)


def test_the_newest_commits_never_train() -> None:
    found = split_commits([f"c{number // 2}" for number in range(40)])
    assert [found[f"c{number}"] for number in range(5)] == [Split.TEST] * 2 + [Split.VALIDATION] * 2 + [Split.TRAIN]
    assert split_edit(Split.TRAIN, Split.TEST) is None
    assert split_edit(Split.TRAIN, Split.TRAIN) is Split.TRAIN
    for by_time in Split:
        assert split_edit(Split.TEST, by_time) is Split.TEST


def example(split: Split, middle: str, instruction: str = "") -> Example:
    kind = Kind.EDIT if instruction else Kind.FIM
    return Example(kind, split, "a.py", "python", "line", "", "", middle, instruction)


def test_what_stands_on_both_sides_is_dropped() -> None:
    draw = random.Random(1)

    def lines(num: int) -> str:
        return "\n".join(f"value_{draw.randrange(9999)} = call_{draw.randrange(9999)}(a, b)" for _ in range(num))

    training, held, shared = lines(30), lines(30), lines(3)
    short = example(Split.TEST, "return None")
    copied = example(Split.TEST, shared)
    own = example(Split.VALIDATION, "\n".join(held.split("\n")[3:6]))
    moved = example(Split.TRAIN, "\n".join(held.split("\n")[10:14]), "Move it\ncode")
    before = example(Split.TRAIN, lines(2), "Change it\n" + "\n".join(held.split("\n")[20:24]))
    fine = example(Split.TRAIN, lines(2), "Change that\n" + lines(2))
    again = example(Split.TEST, fine.middle, "An edit of another file")
    clean = without_leaks(
        [short, copied, own, moved, before, fine, again], [f"{training}\n{shared}"], [f"{held}\n{shared}"]
    )
    assert clean.examples == [short, own, fine]
    assert (clean.num_edits_dropped, clean.num_held_out_dropped) == (2, 2)
