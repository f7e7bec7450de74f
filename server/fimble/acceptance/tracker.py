"""Follows each suggestion on the screen to its end, from what the document becomes.

No editor is needed to say anything: what stands in the document where the suggestion
was shown tells what became of it. The text between what stood before and after the
cursor is compared with the suggestion after every change, so it does not matter how an
editor cuts a change into edits. Where an editor does say that it accepted, that counts.

Pure: lines, edits and the time come in, records go out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fimble.acceptance.records import Ending, Record
from fimble.acceptance.region import LineEdit, kept_share
from fimble.acceptance.showing import Showing, Standing

KEPT_AFTER_S = 30.0
_SEEN_S = 0.3
"""What leaves the screen sooner has not been read: nobody decided anything."""
_LATE_WORD_S = 2.0
"""An editor's own word may come this long after the change that it speaks of."""
_NUM_IDS = 200
_MAX_REGION_CHARS = 4000
"""In longer lines (minified code) nobody looks for what was kept."""

LinesOf = Callable[[str], Sequence[str] | None]
"""A document's present lines by its URI; ``None`` when it is not open."""


class _Ended:
    """A suggestion that left the screen and waits to be recorded."""

    def __init__(self, standing: Standing, ending: Ending, now_s: float) -> None:
        self.standing = standing
        self.ending = ending
        taken = ending in (Ending.ACCEPTED, Ending.PARTLY)
        self.due_s = now_s + (KEPT_AFTER_S if taken else _LATE_WORD_S)

    def record(self, lines: Sequence[str] | None) -> Record:
        """``lines``: the document's, to see what is left of the text; ``None`` where nobody looks."""
        standing, showing = self.standing, self.standing.showing
        share = None
        if self.ending in (Ending.ACCEPTED, Ending.PARTLY) and lines is not None:
            present = "".join(standing.region.lines(lines))
            if len(present) <= _MAX_REGION_CHARS:
                share = kept_share(standing.text[: standing.num_reached], present)
        return Record(
            showing.surface,
            showing.language,
            self.ending,
            len(standing.text) - showing.num_typed,
            standing.num_accepted,
            showing.confidence,
            showing.latency_ms,
            share,
        )


class Tracker:
    """All suggestions of a session, at most one on the screen for each document."""

    def __init__(self) -> None:
        self._standing: dict[str, Standing] = {}
        self._ended: list[_Ended] = []
        self._by_id: dict[str, tuple[Standing, int, int]] = {}
        """Id -> what it stands for, where in its text the item begins, and where the cursor was."""

    def follows(self, uri: str) -> bool:
        """Whether changes of a document matter."""
        return uri in self._standing or any(ended.standing.showing.uri == uri for ended in self._ended)

    def show(self, showing: Showing, lines: Sequence[str], now_s: float) -> None:
        """A suggestion came on the screen; one without texts says only where the cursor is."""
        old = self._standing.get(showing.uri)
        new = Standing(showing, lines, now_s)
        if old is not None:
            if showing.texts and old.goes_on_as(new):
                self._remember(showing, old)
                return
            here = old.has_cursor_of(new)
            if not showing.texts and here:
                return
            self._end(old, Ending.WITHDRAWN if here else Ending.REJECTED, now_s)
        if showing.texts:
            self._standing[showing.uri] = new
            self._remember(showing, new)

    def change(self, uri: str, edits: Sequence[LineEdit], lines: Sequence[str], now_s: float) -> None:
        """A document became ``lines`` through ``edits``, each in terms of the result of the one before."""
        for ended in self._ended:
            if ended.standing.showing.uri == uri:
                for edit in edits:
                    ended.standing.region.follow(edit)
        standing = self._standing.get(uri)
        if standing is not None:
            ending = standing.follow(edits, lines)
            if ending is not None:
                self._end(standing, ending, now_s)

    def close(self, uri: str, now_s: float) -> None:
        """A document was closed."""
        standing = self._standing.get(uri)
        if standing is not None:
            self._end(standing, Ending.WITHDRAWN, now_s)

    def accepted(self, showing_id: str, now_s: float) -> None:
        """The editor says that it took the whole suggestion; unknown ids are passed over."""
        if showing_id in self._by_id:
            standing, _, cursor = self._by_id[showing_id]
            standing.take(cursor, len(standing.text))
            self._hear(standing, now_s)

    def partly_accepted(self, showing_id: str, num_chars: int, now_s: float) -> None:
        """The editor says that it took the first ``num_chars`` characters of the item ``showing_id``."""
        if showing_id in self._by_id:
            standing, start, cursor = self._by_id[showing_id]
            standing.take(cursor, start + num_chars)
            self._hear(standing, now_s)

    def seen(self, showing_id: str) -> None:
        """The editor says that the suggestion was on the screen."""
        if showing_id in self._by_id:
            self._by_id[showing_id][0].said_shown = True

    @property
    def next_due_s(self) -> float | None:
        """When something is to be recorded next."""
        return min((ended.due_s for ended in self._ended), default=None)

    def due(self, now_s: float, lines_of: LinesOf) -> list[Record]:
        """What can be recorded by now."""
        ready = [ended for ended in self._ended if ended.due_s <= now_s]
        self._ended = [ended for ended in self._ended if ended.due_s > now_s]
        return [ended.record(lines_of(ended.standing.showing.uri)) for ended in ready]

    def finish(self, now_s: float) -> list[Record]:
        """The session ends: everything that is left, without a look at what was kept."""
        for standing in list(self._standing.values()):
            self._end(standing, Ending.WITHDRAWN, now_s)
        ended, self._ended = self._ended, []
        return [item.record(None) for item in ended]

    def _end(self, standing: Standing, ending: Ending, now_s: float) -> None:
        self._standing.pop(standing.showing.uri, None)
        if standing.said_accepted:
            ending = Ending.ACCEPTED
        elif standing.num_accepted and ending in (Ending.REJECTED, Ending.WITHDRAWN):
            ending = Ending.PARTLY
        undecided = ending in (Ending.REJECTED, Ending.WITHDRAWN)
        if undecided and now_s - standing.shown_s < _SEEN_S and not standing.said_shown:
            return
        self._ended.append(_Ended(standing, ending, now_s))

    def _hear(self, standing: Standing, now_s: float) -> None:
        """What the editor said outweighs what the document told, if it was not recorded yet."""
        if self._standing.get(standing.showing.uri) is standing and standing.is_complete:
            self._end(standing, Ending.ACCEPTED, now_s)
        ending = Ending.ACCEPTED if standing.said_accepted else Ending.PARTLY
        for ended in self._ended:
            if ended.standing is standing and ended.ending is not Ending.ACCEPTED and standing.num_accepted:
                ended.ending = ending
                ended.due_s = now_s + KEPT_AFTER_S

    def _remember(self, showing: Showing, standing: Standing) -> None:
        cursor = standing.num_reached
        self._by_id[showing.id] = (standing, cursor - showing.num_typed, cursor)
        while len(self._by_id) > _NUM_IDS:
            del self._by_id[next(iter(self._by_id))]
