"""What trains and what is held out: by file, by time, and by what is said in both.

Files that are nearly the same are one file here. An edit goes where its file goes; one of the newest commits never
trains. What is held out and yet stands in what trains, word for word, is held out no longer: it is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from fimble.training.near import Windows
from fimble.training.records import Example, Split

HELD_OUT = {Split.TEST: 0.1, Split.VALIDATION: 0.1}
"""Shares of the code, by its length."""
_MAX_GROUP_SHARE = 0.2
"""Files with more of the repository's code than this are not held out while there are others."""
MAX_SHARED_WORDS = 24
"""So many words in the same order as in a held-out file, and an edit does not train."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file, as the split sees it."""

    path: str
    num_chars: int
    group: int
    """The same for files that are nearly the same."""
    is_code: bool = True


@dataclass(frozen=True, slots=True)
class Clean:
    """Examples of which nothing held out leaks."""

    examples: list[Example]
    num_edits_dropped: int
    """They would have trained, and say what held-out files say."""
    num_held_out_dropped: int
    """They stand, word for word, in what trains."""


def split_files(parts: Iterable[Part], seed: int) -> dict[str, Split]:
    """Of each path its split. Equal arguments give equal splits, whatever the order of ``parts``.

    Groups are taken in the order of a hash of their first path until a tenth of the code, or a fifth of the groups, is
    in each held-out split.
    From three groups with code on, no split is without any.
    """
    groups: dict[int, list[Part]] = {}
    for part in sorted(parts, key=lambda one: one.path):
        groups.setdefault(part.group, []).append(part)
    sizes = {number: sum(part.num_chars for part in group if part.is_code) for number, group in groups.items()}
    total = sum(sizes.values())
    waiting = sorted((one for one in groups if sizes[one]), key=lambda one: order_of(groups[one][0].path, seed))
    splits = {
        # what has no code weighs nothing, and so follows its own hash
        part.path: split_unseen(group[0].path, seed)
        for number, group in groups.items()
        if not sizes[number]
        for part in group
    }
    for number, (split, share) in enumerate(HELD_OUT.items()):
        num_to_leave = len(HELD_OUT) - number
        taken = 0
        # beside one huge file all others are less than a tenth
        most = max(1, round(2 * share * len(groups)))
        fitting = [one for one in waiting if sizes[one] <= _MAX_GROUP_SHARE * total]
        for one in fitting or sorted(waiting, key=lambda one: sizes[one])[:1]:
            if taken >= share * total or len(waiting) <= num_to_leave or not most:
                break
            if not taken or taken + sizes[one] <= 2 * share * total:
                waiting.remove(one)
                taken += sizes[one]
                most -= 1
                splits |= {part.path: split for part in groups[one]}
    return splits | {part.path: Split.TRAIN for one in waiting for part in groups[one]}


def split_unseen(path: str, seed: int) -> Split:
    """Of a path that is no file any more, or has no code."""
    place, edge = order_of(path, seed) / 2**64, 0.0
    for split, share in HELD_OUT.items():
        edge += share
        if place < edge:
            return split
    return Split.TRAIN


def order_of(path: str, seed: int) -> int:
    """A number below 2**64 that only path and seed decide."""
    return int.from_bytes(blake2b(f"{seed}/{path}".encode("utf-8", "surrogateescape"), digest_size=8).digest())


def split_commits(newest_first: Sequence[str]) -> dict[str, Split]:
    """Of each commit its split: the newest tenth for the test, the tenth before it for validation."""
    ordered = list(dict.fromkeys(newest_first))
    splits = [split for split, share in HELD_OUT.items() for _ in range(round(share * len(ordered)))]
    splits += [Split.TRAIN] * (len(ordered) - len(splits))
    return dict(zip(ordered, splits, strict=True))


def split_edit(by_file: Split, by_time: Split) -> Split | None:
    """Of an edit. ``None`` for a new one of a file that trains: what it came to is in that file today."""
    if by_file is not Split.TRAIN:
        return by_file
    return Split.TRAIN if by_time is Split.TRAIN else None


def without_leaks(examples: Sequence[Example], training_texts: Iterable[str], held_out_texts: Iterable[str]) -> Clean:
    """``examples`` without training edits that say what held-out files say, and without held-out ones that stand in
    what trains. The texts are whole files."""
    held = Windows(held_out_texts)

    def is_kept(one: Example) -> bool:
        is_edit = one.split is Split.TRAIN and bool(one.instruction)
        return not is_edit or max(map(held.longest, _texts(one))) < MAX_SHARED_WORDS

    kept = [one for one in examples if is_kept(one)]
    edits = (text for one in kept if one.split is Split.TRAIN and one.instruction for text in _texts(one))
    trained = Windows([*training_texts, *edits])
    clean = [one for one in kept if one.split is Split.TRAIN or not trained.holds(one.middle)]
    return Clean(clean, len(examples) - len(kept), len(kept) - len(clean))


def _texts(one: Example) -> tuple[str, str]:
    return one.instruction, one.middle
