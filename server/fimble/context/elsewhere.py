"""What the model is shown from outside its window: pieces of other documents, of far parts of this one, recent edits.

Events come from the editor, in any thread, and cost little. The work is done where the
snippets are asked for, within a deadline; what is late is ready for the next request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from fimble.context.choice import SIMILAR, Candidate, Choice, choose
from fimble.context.crossfile import CrossFile, ReaderOf
from fimble.context.edits import RecentEdits
from fimble.context.neighbours import Neighbour, Neighbours
from fimble.context.passages import read
from fimble.context.rank import query
from fimble.context.shelf import Shelf, Shown
from fimble.privacy import Privacy, path_of
from fimble.text import Cursor, Snapshot, Snippet

SEEN_BEFORE, SEEN_AFTER = 6000, 2000
"""Characters around the cursor that count as seen where the caller does not say."""
_OTHER_LANGUAGE = 0.5
_EDITED = 1.3
_INDEX_SHARE = 0.65
"""Of the time: the rest is for the passages, and for choosing among all."""
RECENT_EDIT = "recent edit"
"""What was just changed is likelier to matter than what merely stands open."""


class Elsewhere:
    """Everything known beside the window, and the choice from it."""

    def __init__(
        self,
        privacy: Privacy,
        clock: Callable[[], float] = time.monotonic,
        reader_of: ReaderOf = lambda _: None,
    ) -> None:
        """``reader_of``: the index that knows a document's workspace."""
        self._index = CrossFile(reader_of)
        self._privacy = privacy
        self._clock = clock
        self._neighbours = Neighbours(privacy, clock)
        self._edits = RecentEdits(clock)
        self._work = threading.Lock()
        self._shelf = Shelf()
        self._choice = Choice()
        self.was_late = False
        """Whether the last choice was made from less than all: another one may be better."""

    def consult(self, reader_of: ReaderOf) -> None:
        """The indexes to ask from now on."""
        with self._work:
            self._index = CrossFile(reader_of)
            self._index.warm()

    def govern(self, privacy: Privacy) -> None:
        """New rules from now on; what they forbid is forgotten."""
        self._privacy = privacy
        self._neighbours.govern(privacy)
        with self._work:
            self._choice = Choice()

    def opened(self, snapshot: Snapshot) -> None:
        """The editor opened a document, or sent its whole text anew."""
        if not self._neighbours.put(snapshot):
            self._edits.forget(snapshot.uri)

    def changed(self, before: Snapshot, after: Snapshot, start: int | None = None) -> None:
        """A document changed; ``start`` is an offset up to which nothing did, where that is known."""
        if not self._privacy.may_read(after.uri):
            self.forget(after.uri)
            return
        self._edits.record(before, after, start)
        self._neighbours.put(after, start)

    def closed(self, uri: str) -> None:
        """The editor closed a document. It stays a neighbour for a while."""
        self._neighbours.close(uri)

    def focused(self, uri: str) -> None:
        """The person looks at a document."""
        self._neighbours.touch(uri)

    def forget(self, uri: str) -> None:
        """As if the document had never been opened: it was deleted, or has become private."""
        self._neighbours.forget(uri)
        self._edits.forget(uri)

    def root_of(self, uri: str) -> str:
        """The workspace folder that holds the file ``uri``, with ``/`` at its end; empty for whatever is in none."""
        return self._root(path_of(uri)) if uri.lower().startswith("file:") else ""

    def prepare(self, deadline_ms: float = 20.0) -> bool:
        """Work ahead in idle time. ``False``: nothing is left to do."""
        is_late = self._deadline(deadline_ms)
        with self._work:
            held = self._neighbours.held()
            self._shelf.keep([one.snapshot.uri for one in held])
            return not all(self._passages(one, is_late).is_whole for one in held)

    def snippets(
        self,
        cursor: Cursor,
        max_chars: int,
        deadline_ms: float = 20.0,
        seen: tuple[int, int] | None = None,
        with_index: bool = True,
    ) -> tuple[Snippet, ...]:
        """The pieces that have most to do with the text around the cursor, most relevant last.

        ``max_chars`` bounds their paths and texts together. ``seen`` says which part of the cursor's
        document the prompt's window holds, as offsets. Texts are whole lines and end in ``\\n``.
        """
        is_late = self._deadline(deadline_ms)
        snapshot = cursor.snapshot
        if max_chars <= 0 or not self._privacy.may_read(snapshot.uri):
            return ()
        start, end = seen or (max(0, cursor.offset - SEEN_BEFORE), cursor.offset + SEEN_AFTER)
        with self._work:
            root = self._root(path_of(snapshot.uri))
            candidates: list[Candidate] = []
            was_cut_short = False
            if with_index and root:
                is_over = self._deadline(deadline_ms * _INDEX_SHARE)
                candidates = self._index.candidates(cursor, root, self._privacy, max_chars, is_over)
                was_cut_short = is_over()
            candidates += self._candidates(cursor, (start, end), is_late)
            line = snapshot.text.count("\n", 0, cursor.offset)
            about = query(cursor, (start, end))
            self.was_late = was_cut_short or is_late()
            self._choice = choose(about, candidates, max_chars, self._choice, snapshot.uri, line)
            return self._choice.snippets()

    def _candidates(self, cursor: Cursor, seen: tuple[int, int], is_late: Callable[[], bool]) -> list[Candidate]:
        here = cursor.snapshot
        others = [one for one in self._neighbours.held() if one.snapshot.uri != here.uri]
        documents = [*others, Neighbour(here, cursor.offset)]
        self._shelf.keep([one.snapshot.uri for one in documents])
        edits = self._edited(documents, seen)
        found = []
        for one in documents:
            uri, is_here = one.snapshot.uri, one.snapshot.uri == here.uri
            name, language = self._name(uri), 1.0 if one.snapshot.language == here.language else _OTHER_LANGUAGE
            for placed in self._passages(one, is_late).placed:
                if not is_here or placed.end <= seen[0] or placed.start >= seen[1]:
                    # An edit whose passage is ready makes that count more instead of being shown beside it.
                    inside = [edit for edit in edits if edit.uri == uri and edit.passage.text in placed.passage.text]
                    edits = [edit for edit in edits if edit not in inside]
                    factor = language * (_EDITED if inside else 1.0)
                    why = RECENT_EDIT if inside else SIMILAR
                    found.append(Candidate(uri, name, placed.start, placed.passage, factor, why))
        return found + edits

    def _edited(self, documents: Sequence[Neighbour], seen: tuple[int, int]) -> list[Candidate]:
        """Recent edits outside the window that still stand, newest first."""
        texts = {one.snapshot.uri: one.snapshot.text for one in documents}
        here, found = documents[-1].snapshot.uri, []
        for edit in reversed(self._edits.latest()):
            is_seen = edit.uri == here and edit.start < seen[1] and edit.start + len(edit.after) > seen[0]
            stands = edit.after and edit.after in texts.get(edit.uri, edit.after)
            if stands and not is_seen and self._privacy.may_read(edit.uri) and (passage := read(edit.after)):
                found.append(Candidate(edit.uri, self._name(edit.uri), edit.start, passage, _EDITED, RECENT_EDIT))
        return found

    def _passages(self, one: Neighbour, is_late: Callable[[], bool]) -> Shown:
        return self._shelf.passages(one.snapshot.uri, one.snapshot.text, one.focus, is_late)

    def _deadline(self, deadline_ms: float) -> Callable[[], bool]:
        end = self._clock() + deadline_ms / 1000
        return lambda: self._clock() >= end

    def _name(self, uri: str) -> str:
        """What the model reads as the document's path: relative to the workspace, or its last two names."""
        path = path_of(uri)
        root = self._root(path)
        short = path[len(root) :] if root else "/".join(PurePosixPath(path).parts[-2:]).lstrip("/")
        return "".join(char if char.isprintable() else "?" for char in short)

    def _root(self, path: str) -> str:
        """The workspace folder that holds ``path``, with ``/`` at its end, or empty."""
        return max((root for root in self._privacy.roots if path.startswith(root)), key=len, default="")
