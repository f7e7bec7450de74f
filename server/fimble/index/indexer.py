"""Makes an index agree with its workspace: all of it, or the files that were just saved.

Work is done in steps of a fraction of a second, so that whoever runs it can stop, wait or do
something more urgent between two of them. After each the index is whole.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.errors import IndexFull
from fimble.index.describe import describe, digest
from fimble.index.filetypes import language_of
from fimble.index.gitignore import is_ignore_file
from fimble.index.reading import FileText, Unread, read
from fimble.index.records import FileContent
from fimble.index.store import Store
from fimble.index.walk import Found, Walk
from fimble.privacy import Privacy
from fimble.syntax.languages import Language

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Chunker = Callable[[str, Language | None, str], FileContent]
"""Path, language and text of a file -> what is in it; raises nothing."""
Embed = Callable[[Sequence[str]], "npt.NDArray[np.float16]"]
"""Described chunks -> ``[num_texts, dimension]``."""
WORDS, MEANING = "words", "meaning"
STEP_S = 0.1
"""How long a step should take at most."""
MAX_BATCH = 16
"""Chunks that are embedded at once."""
_NUM_AHEAD = 512
"""Chunks without a vector that are asked for at once: the newest of all are searched for each time."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How chunks get their vectors."""

    embed: Embed
    fingerprint: str
    """Another one makes other vectors."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is: ``words`` in files that have to be read, ``meaning`` in chunks that lack a vector."""

    phase: str
    done: int
    total: int

    @property
    def is_over(self) -> bool:
        return self.done >= self.total


@dataclass(frozen=True, slots=True)
class Updated:
    """What came of an update."""

    paths: tuple[str, ...]
    """Files whose content in the index is another now, relative to the workspace."""
    is_scan_due: bool = False
    """Whether rules or a folder have changed, so that only a scan can tell what belongs to the index."""
    changing: tuple[Path, ...] = ()
    """Files that somebody is writing: to be updated again a little later."""


class Indexer:
    """Fills ``store`` from the workspace ``root``, an absolute path without links.

    Every call may raise ``IndexUnavailable`` and those below it; what was committed before stays.
    """

    def __init__(
        self,
        root: Path,
        store: Store,
        privacy: Privacy,
        chunker: Chunker,
        encoding: Encoding | None = None,
        max_files: int = 50_000,
        on_note: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root = root
        self._store = store
        self._chunker = chunker
        self._encoding = encoding
        self._max_files = max_files
        self._privacy = privacy
        self._on_note = on_note
        self._walk = Walk(root, privacy, max_files, on_note)
        self._clock = clock
        self._batch = 4
        self.changing: tuple[Path, ...] = ()
        """Files that somebody was writing when the last scan came by: to be updated a little later."""

    def scan(
        self, on_progress: Callable[[Progress], None] = lambda _: None, is_paused: Callable[[], bool] = lambda: False
    ) -> None:
        """Read what has changed since the last scan, forget what is gone, then give every chunk its vector."""
        for progress in self.steps():
            on_progress(progress)
            while is_paused():
                time.sleep(STEP_S)

    def steps(self) -> Iterator[Progress]:
        """A scan, a step at a time; between two of them nothing is half written."""
        yield from self.words()
        yield from self.meaning()

    def words(self) -> Iterator[Progress]:
        """The first part of a scan: names, words and references."""
        if not self.root.is_dir():
            self._on_note(f"{self.root} is not there, so its index is left as it is.")
            return
        known = self._store.stamps()
        changed: list[Found] = []
        due_s = self._clock() + STEP_S
        for found in self._walk.files():
            if known.pop(found.path, None) != found.stamp:
                changed.append(found)
            if self._clock() >= due_s:
                yield Progress(WORDS, 0, len(changed) + 1)
                due_s = self._clock() + STEP_S
        # what is left was not met: gone, or forbidden by now
        gone = list(known)
        for start in range(0, len(gone), _NUM_AHEAD):
            self._store.remove(gone[start : start + _NUM_AHEAD])
            yield Progress(WORDS, 0, len(changed) + 1)
        done, later = 0, list[Path]()
        is_nearly_full = False
        while done < len(changed):
            start = done
            self._store.check_room()
            try:
                with self._store.transaction():
                    due_s = self._clock() + STEP_S
                    for found in islice(changed, start, None):
                        if self._take(found.path, self._read(found.path)) is Unread.CHANGING:
                            later.append(self.root / found.path)
                        done += 1
                        if is_nearly_full or self._clock() >= due_s:
                            break
            except IndexFull:
                if is_nearly_full:
                    raise
                # all of the step is undone: what there is room for goes in file by file
                done, is_nearly_full = start, True
            yield Progress(WORDS, done, len(changed) + 1)
        with self._store.transaction():
            self._store.drop_unused_vectors()
            self._store.mark_words_complete(True)
        self.changing = tuple(dict.fromkeys(later))
        yield Progress(WORDS, len(changed) + 1, len(changed) + 1)

    def meaning(self) -> Iterator[Progress]:
        """The second part: vectors, those of the files changed last first. Nothing where there is no encoder."""
        if self._encoding is None:
            return
        self._store.use_encoder(self._encoding.fingerprint)
        done, total = 0, self._store.num_missing_vectors()
        while missing := self._store.missing_vectors(_NUM_AHEAD):
            start = 0
            while start < len(missing):
                self._store.check_room()
                batch = missing[start : start + self._batch]
                begun_s = self._clock()
                vectors = self._encoding.embed([describe(stored.path, stored.chunk) for _, stored in batch])
                self._store.put_vectors([(key, vector) for (key, _), vector in zip(batch, vectors, strict=True)])
                self._pace(self._clock() - begun_s)
                start += len(batch)
                done += len(batch)
                total = max(total, done + 1)
                yield Progress(MEANING, done, total)
        yield Progress(MEANING, total, total)

    def update(self, paths: Sequence[Path]) -> Updated:
        """Look again at ``paths`` (absolute, there or not), whatever their stamps say."""
        updated: list[str] = []
        changing: list[Path] = []
        is_scan_due = False
        for path in paths:
            relative = self._relative(path)
            if relative is None:
                continue
            if is_ignore_file("/" + relative) or (self.root / relative).is_dir():
                is_scan_due = True
                continue
            if below := self._store.below(relative):
                self._store.remove(below)
                updated += below
            is_known = self._store.knows(relative)
            if not is_known and self._store.num_files() >= self._max_files:
                continue
            taken = read(self.root / relative) if self._walk.takes(relative) else Unread.GONE
            if self._take(relative, taken) is Unread.CHANGING:
                changing.append(self.root / relative)
            elif is_known or isinstance(taken, FileText):
                updated.append(relative)
        return Updated(tuple(dict.fromkeys(updated)), is_scan_due, tuple(changing))

    def _read(self, path: str) -> FileText | Unread:
        """Of a file that a walk came to; the rules are asked again, for time has passed since."""
        whole = self.root / path
        return read(whole) if self._privacy.may_read(whole) else Unread.GONE

    def _take(self, path: str, taken: FileText | Unread) -> FileText | Unread:
        """Into the store with what was read of a file, or out of it with what cannot be read."""
        if isinstance(taken, FileText):
            content = self._chunker(path, language_of(path), taken.text)
            self._store.put(content, taken.stamp, [digest(path, chunk) for chunk in content.chunks])
        elif taken is not Unread.CHANGING:
            self._store.remove([path])
        return taken

    def _relative(self, path: Path) -> str | None:
        """``None`` for a place outside of the workspace. A link in the way is followed, as an editor does."""
        for form in (os.path.realpath(path), os.path.abspath(path)):  # noqa: PTH100
            try:
                relative = Path(form).relative_to(self.root).as_posix()
            except ValueError:
                continue
            try:
                relative.encode()
            except UnicodeEncodeError:
                return None
            return "" if relative == "." else relative
        return None

    def _pace(self, took_s: float) -> None:
        """Take as many chunks at once as fit into a step."""
        if took_s > STEP_S:
            self._batch = max(1, self._batch // 2)
        elif took_s < STEP_S / 2:
            self._batch = min(MAX_BATCH, self._batch * 2)
