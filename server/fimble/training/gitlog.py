"""Git, asked what commits changed, and for the files as they were.

It is only asked to read: no hook, filter, pager or external diff of the repository's is run, and nothing is fetched.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fimble.training.changes import Hunk

_MAX_BLOB_BYTES = 2**19
_TIMEOUT_S = 180.0
_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_INDEX = re.compile(rb"index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_MARK = b"\x01fimble "
_DIFF, _FROM, _TO = b"diff --git ", b"rename from ", b"rename to "
_COMMAND = (
    "-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never",
)  # fmt: skip
_LOG = (
    "log", "--no-merges", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index", "--diff-filter=MR", "-M",
    "--relative", "-U0", "-p", "--no-notes", "--encoding=UTF-8", "--no-show-signature", "--no-decorate",
    "--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=all",
)  # fmt: skip
_ENVIRONMENT = {
    "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_PAGER": "cat",
}  # fmt: skip


class GitFailed(Exception):
    """What git said of it; empty where there is no repository, or nothing in it."""


@dataclass(slots=True)
class ChangedFile:
    """A file that a commit changed; the names are empty where they cannot be written down."""

    path: str
    old_path: str
    before: str = ""
    after: str = ""
    hunks: list[Hunk] = field(default_factory=list)


@dataclass(slots=True)
class Commit:
    """One commit, and the files that it changed."""

    id: str
    time: str
    subject: str
    files: list[ChangedFile] = field(default_factory=list)


def commits(root: Path, max_commits: int) -> Iterator[Commit]:
    """The newest first, merges left out; paths are relative to ``root``. Raises ``GitFailed``, and ``OSError`` without
    git."""
    command = [
        "git", *_COMMAND, "-C", str(root), *_LOG, f"--max-count={max_commits}", "--format=%x01fimble %H%x09%cI%x09%s",
        "--", ".",
    ]  # fmt: skip
    environment = os.environ | _ENVIRONMENT
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as git:
        watch = threading.Timer(_TIMEOUT_S, git.kill)
        watch.daemon = True
        watch.start()
        said: list[bytes] = []
        # read aside: a pipe that nobody empties would stop git
        listener = threading.Thread(target=lambda: said.append(git.stderr.read() if git.stderr else b""), daemon=True)
        listener.start()
        try:
            yield from parse(git.stdout or ())
            if git.wait():
                listener.join()
                raise GitFailed(_reason(b" ".join(said).decode("utf-8", "replace")))
        finally:
            watch.cancel()
            git.kill()


def parse(lines: Iterable[bytes]) -> Iterator[Commit]:
    """What ``git log`` printed. A changed line begins with a sign, so that nothing in it is taken for git's words."""
    commit: Commit | None = None
    file: ChangedFile | None = None
    for line in lines:
        if line.startswith(_MARK):
            if commit is not None:
                yield commit
            parts = [*line[len(_MARK) :].decode("utf-8", "replace").rstrip("\n").split("\t", 2), "", ""]
            commit, file = Commit(parts[0], parts[1], parts[2]), None
        elif commit is None:
            continue
        elif line.startswith(_DIFF):
            name = _same_name(line[len(_DIFF) :].rstrip(b"\n"))
            file = ChangedFile(name, name)
            commit.files.append(file)
        elif file is None or line.startswith((b"+", b"-")):
            continue
        elif line.startswith(_FROM):
            file.old_path = _name(line[len(_FROM) :])
        elif line.startswith(_TO):
            file.path = _name(line[len(_TO) :])
        elif (index := _INDEX.match(line)) is not None:
            file.before, file.after = index[1].decode(), index[2].decode()
        elif (header := _HEADER.match(line)) is not None:
            start, num, new_start, new_num = (1 if part is None else int(part) for part in header.groups())
            # of no lines git names the line before them
            file.hunks.append(Hunk(start - (num > 0), num, new_start - (new_num > 0), new_num))
    if commit is not None:
        yield commit


def _same_name(names: bytes) -> str:
    """Of ``a/x b/x``; empty where they differ, as those of a rename do."""
    middle = len(names) // 2
    is_same = names[:2] == b"a/" and names[middle : middle + 3] == b" b/" and names[2:middle] == names[middle + 3 :]
    return _name(names[2:middle]) if is_same else ""


def _name(raw: bytes) -> str:
    try:
        name = raw.rstrip(b"\n").decode()
    except UnicodeDecodeError:
        return ""
    return "" if name.startswith('"') else name


def _reason(said: str) -> str:
    first = said.strip().split("\n")[0]
    if "not a git repository" in first or "does not have any commits" in first:
        return ""
    return first or "it took too long"


class Blobs:
    """Contents of files, from one ``git cat-file``."""

    def __init__(self, root: Path) -> None:
        self._git = subprocess.Popen(
            ["git", *_COMMAND, "-C", str(root), "cat-file", "--batch"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | _ENVIRONMENT,
        )  # fmt: skip

    def __enter__(self) -> Blobs:
        return self

    def __exit__(self, *_: object) -> None:
        self._git.kill()
        self._git.communicate()

    def text(self, blob: str) -> str | None:
        """``None`` for what is gone, too large, or not UTF-8."""
        asked, answered = self._git.stdin, self._git.stdout
        if asked is None or answered is None or not blob:
            return None
        try:
            asked.write(blob.encode() + b"\n")
            asked.flush()
            head = answered.readline().split()
            if len(head) != 3:
                return None
            raw = answered.read(int(head[2]) + 1)[:-1]
        except (BrokenPipeError, ValueError):
            return None
        if head[1] != b"blob" or len(raw) > _MAX_BLOB_BYTES or b"\0" in raw:
            return None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
        return None if "\ufffd" in text else text.replace("\r\n", "\n")
