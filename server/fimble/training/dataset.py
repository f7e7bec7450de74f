"""From a repository to a dataset: what may be learned from is found, split, cut into examples, counted and written.

Nothing is written before all is made, and then whole or not at all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fimble.errors import NothingToLearn, TrainingError
from fimble.index.filetypes import is_readable, language_of
from fimble.privacy import Privacy
from fimble.training import making, near
from fimble.training.card import Card, counted, most
from fimble.training.folder import check_place, write_dataset
from fimble.training.history import History, read_history
from fimble.training.judge import Judge, Why
from fimble.training.licences import Licences
from fimble.training.records import Example, Split
from fimble.training.settings import require
from fimble.training.sources import DATA, Sources, collect
from fimble.training.split import Part, split_files, without_leaks
from fimble.training.tokens import Encoder, tokenisation

MIN_CODE_FILES = 3
"""One for each split."""
MIN_EXAMPLES = {Split.TRAIN: 8, Split.VALIDATION: 1, Split.TEST: 1}
__all__ = ["Dataset", "Settings", "check_place", "make", "write"]
OnProgress = Callable[[str, float], None]
"""Hears what is being done, and how much of it is, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may choose."""

    seed: int = 0
    max_examples: int = 20_000
    history: bool = True
    licences: tuple[str, ...] = ()
    """SPDX identifiers, or ``proprietary``, that are allowed beside the repository's own and permissive ones."""
    disabled_paths: tuple[str, ...] = ()
    """As the option of that name: never read."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """All that is written."""

    examples: tuple[Example, ...]
    card: Card


def make(
    repository: Path,
    settings: Settings = Settings(),
    tokenizer: tuple[str, Encoder] | None = None,
    apart: Collection[Path] = (),
    on_progress: OnProgress = lambda _what, _share: None,
) -> Dataset:
    """The dataset of ``repository``; equal arguments and files give equal examples.

    ``tokenizer``: a model's name and its tokenizer, for the report on tokens. ``apart``: folders that are no part of
    the repository, such as the one that is to be written. Raises ``NothingToLearn``, ``TrainingError`` and
    ``TrainingUnavailable``.
    """
    require("datasketch")
    begun_s = time.monotonic()
    root = repository.resolve()
    if not root.is_dir():
        raise TrainingError(f"{repository} is not a folder.", "Name the folder of a repository.")
    privacy = Privacy(settings.disabled_paths, [root])
    if why := privacy.why_not(root):
        raise NothingToLearn(f"{root} is private, so nothing in it is read. {why}")
    licences = Licences(root, settings.licences)
    on_progress("Reading the repository", 0.0)
    sources = collect(root, privacy, licences, [place.resolve() for place in apart])
    code = [file for file in sources.files if file.is_code]
    if len(code) < MIN_CODE_FILES:
        raise _too_few_files(root, sources, len(code))
    on_progress("Comparing the files", 0.0)
    groups = near.groups([file.text for file in sources.files])
    parts = [
        Part(file.path, len(file.text), group, file.is_code) for file, group in zip(sources.files, groups, strict=True)
    ]
    splits = split_files(parts, settings.seed)

    examples: list[Example] = []
    makes = making.from_files(sources.files, splits, settings.seed, settings.max_examples)
    for number, made in enumerate(makes):
        examples += made
        on_progress("Cutting examples", (number + 1) / len(sources.files))
    history = _history(root, sources, licences, privacy, settings, on_progress)
    edits, num_new = making.from_edits(history.edits, splits, settings.seed)
    examples += edits

    on_progress("Comparing the examples", 0.0)
    kept, num_equal, num_near = making.distinct(examples)
    texts = {
        is_training: [file.text for file in sources.files if (splits[file.path] is Split.TRAIN) is is_training]
        for is_training in (True, False)
    }
    clean = without_leaks(kept, texts[True], texts[False])
    chosen = making.thinned(clean.examples, settings.max_examples, settings.seed)
    _require_enough(root, chosen)
    report = None
    if tokenizer is not None:
        on_progress("Counting tokens", 0.0)
        report = tokenisation(*tokenizer, sources.files, chosen, settings.seed)
    dropped = {
        "the same as another": num_equal,
        "nearly the same as another": num_near,
        "an edit of the newest commits, whose file trains": num_new,
        "an edit that says what a held-out file says": clean.num_edits_dropped,
        "held out, and yet word for word in what trains": clean.num_held_out_dropped,
        "more than was asked for": len(clean.examples) - len(chosen),
    }
    card = Card(
        repository=root.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - begun_s, 1),
        seed=settings.seed,
        own_licences=sorted(licences.own),
        allowed_licences=settings.licences,
        num_files=len(sources.files),
        num_chars=sum(len(file.text) for file in sources.files),
        files_by_language=most(file.language for file in sources.files),
        files_by_split={split.value: num for split, num in sorted(Counter(splits.values()).items())},
        files_left_out=sources.counts,
        num_commits=history.num_commits,
        commits_passed_over=dict(history.passed_over.most_common()),
        history_note=history.note,
        examples=counted(chosen),
        examples_by_language=most(one.language for one in chosen),
        examples_by_cut=most(one.cut for one in chosen),
        examples_dropped={why: num for why, num in dropped.items() if num},
        tokenisation=report,
        notes=() if report else ("No model is installed, so nothing is said of its tokens.",),
    )
    return Dataset(tuple(chosen), card)


def write(dataset: Dataset, out: Path) -> None:
    """As ``folder.write_dataset``."""
    write_dataset(out, dataset.card, dataset.examples)


def _history(
    root: Path, sources: Sources, licences: Licences, privacy: Privacy, settings: Settings, on_progress: OnProgress
) -> History:
    if not settings.history:
        return History(note="The history was left aside, as asked.")
    on_progress("Reading the history", 0.0)
    judge = Judge(root, licences)
    taken = {file.path for file in sources.files}
    barred = {one.path for one in sources.left_out}

    def takes(path: str) -> bool:
        """Files that are gone may be learned from, too, but for what rules of today leave out."""
        if not path or path in barred or not _is_code(path):
            return False
        return path in taken or (privacy.may_read(root / path) and not any(path.startswith(one) for one in folders))

    folders = [path for path in barred if path.endswith("/")]
    history = read_history(root, takes, on_commit=lambda num: on_progress("Reading the history", num / 3000))
    fit = [
        edit
        for edit in history.edits
        if judge.why_not(edit.path, edit.before_text) is None and judge.why_not(edit.path, edit.after_text) is None
    ]
    history.edits = fit
    return history


def _is_code(path: str) -> bool:
    language = language_of(path)
    return is_readable(path.rpartition("/")[2]) and language is not None and language.name not in DATA


def _require_enough(root: Path, examples: Collection[Example]) -> None:
    counts = Counter(one.split for one in examples)
    for split, least in MIN_EXAMPLES.items():
        if counts[split] < least:
            raise NothingToLearn(
                f"{root} gives {counts[split]} examples for {split.value}, and {least} are the least.",
                "Its files are too short or say the same as each other; name a larger repository.",
            )


def _too_few_files(root: Path, sources: Sources, num_code: int) -> NothingToLearn:
    if not sources.files and not sources.left_out:
        return NothingToLearn(f"There are no files in {root}.", "Name the folder of a repository with code.")
    reasons = "; ".join(f"{num} x {why}" for why, num in list(sources.counts.items())[:5])
    said = f"{root} has {num_code} files of code that may be learned from, and {MIN_CODE_FILES} are the least."
    if reasons:
        said += f" Left out: {reasons}."
    names = sorted({one.detail for one in sources.left_out if one.why is Why.LICENCE})
    hint = "Name a larger repository."
    if names:
        hint = f"If you may learn from them: --allow-licence {names[0]}."
    return NothingToLearn(said, hint)
