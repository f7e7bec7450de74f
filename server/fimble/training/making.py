"""Examples out of files and out of edits, and of those that say the same only one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from fimble.index.filetypes import language_of
from fimble.training import near
from fimble.training.history import Edit, in_chinese
from fimble.training.pairs import pairs
from fimble.training.records import Example, Kind, Split
from fimble.training.sources import SourceText, lsp_language
from fimble.training.spans import Hole, around, holes, tree_of
from fimble.training.split import split_commits, split_edit, split_unseen

CHARS_PER_HOLE = 400
_MIN_CHARS_PER_HOLE = 80
"""In a small repository, up to ``_FEW_HOLES`` in all."""
_FEW_HOLES = 1000
_MAX_HOLES = 250
"""Of one file."""
_PROSE_CHARS_PER_HOLE = 2500
_MAX_PROSE_HOLES = 6
_SURPLUS = 1.5
"""So many times more are made than asked for, before those that say the same are dropped."""
MAX_EDIT_SHARE = 0.25
_KEY_BEFORE, _KEY_AFTER = 240, 120
"""Characters around a hole that are compared beside what is in it."""
_PLEASE = {
    False: ("{subject}\n\n{code}\nWrite this code again with that change."),
    True: ("按下面的说明修改代码：{subject}\n\n{code}\n请写出修改后的完整代码。"),
}
"""What is asked of an edit, in English and in Chinese."""


def from_files(
    files: Sequence[SourceText], splits: Mapping[str, Split], seed: int, max_examples: int
) -> Iterator[list[Example]]:
    """Holes and pairs, file by file; each file's own draw makes it the same whatever else there is."""
    num_chars = sum(len(file.text) for file in files if file.is_code)
    wanted = max(num_chars / CHARS_PER_HOLE, min(_FEW_HOLES, num_chars / _MIN_CHARS_PER_HOLE))
    share = min(1.0, _SURPLUS * max_examples / max(wanted, 1))
    per_char = wanted / max(num_chars, 1) * share
    for file in files:
        draw = Random(f"{seed}/{file.path}")
        parsed = tree_of(file.text, language_of(file.path))
        num, most = len(file.text) * per_char, _MAX_HOLES
        if not file.is_code:
            num, most = min(num, len(file.text) / _PROSE_CHARS_PER_HOLE), _MAX_PROSE_HOLES
        whole = min(most, int(num) + (draw.random() < num % 1))
        made = [_example(Kind.FIM, hole, file, splits[file.path]) for hole in holes(file.text, parsed, whole, draw)]
        if parsed is not None and file.is_code:
            found = [one for one in pairs(parsed, draw) if draw.random() < share]
            made += [_example(one.kind, one.hole, file, splits[file.path]) for one in found]
        yield made


def from_edits(edits: Sequence[Edit], splits: Mapping[str, Split], seed: int) -> tuple[list[Example], int]:
    """Edits as examples, and how many were too new to train. ``edits``: newest first."""
    by_time = split_commits([edit.commit for edit in edits])
    made: list[Example] = []
    num_new = 0
    for edit in edits:
        split = split_edit(splits.get(edit.path) or split_unseen(edit.path, seed), by_time[edit.commit])
        if split is None:
            num_new += 1
            continue
        language = lsp_language(edit.path)
        fence = "````" if "```" in edit.change.before else "```"
        code = f"{fence}{language}\n{edit.change.before}\n{fence}"
        asked = _PLEASE[in_chinese(edit.subject)].format(subject=edit.subject, code=code)
        made.append(
            Example(Kind.EDIT, split, edit.path, language, "commit", "", "", edit.change.after, asked, edit.time)
        )
    return made, num_new


def distinct(examples: Sequence[Example]) -> tuple[list[Example], int, int]:
    """Those that no other says the same or nearly the same as, with the numbers of both.

    What is held out comes first: of two that are alike the one that trains is dropped.
    """
    order = (Split.TEST, Split.VALIDATION, Split.TRAIN)
    ordered = sorted(examples, key=lambda one: order.index(one.split))
    exact = {(_key(one), one.middle): one for one in reversed(ordered)}
    kept = [one for one in ordered if exact[_key(one), one.middle] is one]
    places = near.distinct([_key(one) for one in kept])
    return [kept[place] for place in places], len(examples) - len(kept), len(kept) - len(places)


def thinned(examples: Sequence[Example], max_examples: int, seed: int) -> list[Example]:
    """At most ``max_examples``, as many of each split as before in proportion, and edits no more than a quarter."""
    draw = Random(f"{seed}/thin")
    share = min(1.0, max_examples / max(len(examples), 1))
    kept: list[Example] = []
    for split in Split:
        edits = [one for one in examples if one.split is split and one.kind is Kind.EDIT]
        others = [one for one in examples if one.split is split and one.kind is not Kind.EDIT]
        room = max(1, int(share * (len(edits) + len(others))))
        edits = draw.sample(edits, min(len(edits), max(int(MAX_EDIT_SHARE * room), room - len(others))))
        others = draw.sample(others, min(len(others), room - len(edits)))
        mixed = [*edits, *others]
        draw.shuffle(mixed)
        kept += mixed
    return kept


def _example(kind: Kind, hole: Hole, file: SourceText, split: Split) -> Example:
    prefix, suffix = around(file.text, hole.start, hole.end)
    middle = file.text[hole.start : hole.end]
    return Example(kind, split, file.path, file.language, hole.cut, prefix, suffix, middle)


def _key(one: Example) -> str:
    if one.kind is Kind.EDIT:
        return f"{one.instruction}\n{one.middle}"
    return one.prefix[-_KEY_BEFORE:] + one.middle + one.suffix[:_KEY_AFTER]
