"""Edits out of a repository's git history: what people changed, and what they said of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fimble.training.changes import Change, changes
from fimble.training.gitlog import Blobs, ChangedFile, Commit, GitFailed, commits

MAX_COMMITS = 3000
MAX_FILES = 8
"""Of a commit with more, the message says little about each."""
MAX_CHANGED_LINES = 400
MAX_CHANGES = 8
"""Of one file in one commit."""
_SAYS_LITTLE = re.compile(
    r"\W*(?:merge|revert|wip|tmp|temp|fixup!|squash!|amend!|bump|release|version|initial commit|update changelog|typo|"
    r"lint|format(?:ting)?|isort|black|v?\d+\.\d+|合并|更新|修改|提交|测试)\W*$"
    r"|\W*(?:bump|merge|release|revert|prepare release)\b",
    re.IGNORECASE,
)
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Edit:
    """One place that a commit changed."""

    path: str
    """Its file's name today, or the last it had; relative to the repository, with ``/``."""
    commit: str
    time: str
    """ISO 8601, of the commit."""
    subject: str
    change: Change
    before_text: str
    """The whole file, before and after."""
    after_text: str


@dataclass(slots=True)
class History:
    """What came of reading it."""

    edits: list[Edit] = field(default_factory=list)
    num_commits: int = 0
    note: str = ""
    """Why there is none, or not all."""
    passed_over: Counter[str] = field(default_factory=Counter)
    """Why commits were not used -> how many."""


def read_history(
    root: Path,
    takes: Callable[[str], bool],
    max_commits: int = MAX_COMMITS,
    on_commit: Callable[[int], None] = lambda _: None,
) -> History:
    """The edits of the newest commits, newest first. ``takes`` says of a path, as it is called today, whether its edits
    are wanted. Never raises: without git or a history there is a note."""
    found = History()
    names: dict[str, str] = {}
    try:
        with Blobs(root) as blobs:
            for commit in commits(root, max_commits):
                found.num_commits += 1
                on_commit(found.num_commits)
                why = _why_not(commit)
                found.passed_over[why] += bool(why)
                for file in commit.files if not why else ():
                    path = names.get(file.path, file.path)
                    if file.hunks and takes(path):
                        found.edits += _edits(commit, file, path, blobs)
                # of what is older the earlier name means the file that has the later one
                names |= {
                    file.old_path: names.get(file.path, file.path)
                    for file in commit.files
                    if file.old_path != file.path
                }
    except GitFailed as error:
        found.note = f"git could not read all of the history: {error}." if str(error) else ""
    except FileNotFoundError:
        found.note = "git is not installed, so no edits were read."
    except OSError as error:
        found.note = f"The history could not be read: {error}."
    found.passed_over += Counter()  # without what is 0
    if not found.num_commits and not found.note:
        found.note = "There is no git history here."
    return found


def in_chinese(text: str) -> bool:
    """Whether a person would answer it in Chinese."""
    return len(_HAN.findall(text)) >= max(2, 0.2 * len("".join(text.split())))


def _why_not(commit: Commit) -> str:
    if len(commit.files) > MAX_FILES:
        return "many files"
    num_lines = sum(hunk.num_before + hunk.num_after for file in commit.files for hunk in file.hunks)
    if num_lines > MAX_CHANGED_LINES:
        return "a large change"
    words = commit.subject.split()
    num_han = len(_HAN.findall(commit.subject))
    if _SAYS_LITTLE.match(commit.subject) or (len(words) < 2 and num_han < 4) or "\ufffd" in commit.subject:
        return "a message that says little"
    return "" if num_lines else "no line changed"


def _edits(commit: Commit, file: ChangedFile, path: str, blobs: Blobs) -> Iterator[Edit]:
    before, after = blobs.text(file.before), blobs.text(file.after)
    if before is None or after is None:
        return
    for change in changes(path, before, after, file.hunks)[:MAX_CHANGES]:
        yield Edit(path, commit.id, commit.time, commit.subject, change, before, after)
