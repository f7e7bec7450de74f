"""One suggestion on the screen, compared with what the document becomes around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fimble.acceptance.records import Ending, Surface
from fimble.acceptance.region import LineEdit, Region

_OPENERS = "([{<\"'`"
_CLOSERS = ")]}>\"'`"
_MIN_TAKEN_CHARS = 4
"""Fewer at once may be typing: editors send several keystrokes in one change, close brackets and indent."""
_MIN_REST_CHARS = 3


@dataclass(frozen=True, slots=True)
class Showing:
    """A suggestion as it was sent to the editor.

    ``texts`` are its alternatives. Each begins at ``column`` of ``line`` (0-based, in code
    points); its first ``num_typed`` characters stand there already, up to the cursor.
    """

    id: str
    uri: str
    language: str
    surface: Surface
    line: int
    column: int
    texts: tuple[str, ...]
    num_typed: int = 0
    confidence: float = 1.0
    latency_ms: float = 0.0


class Standing:
    """A suggestion on the screen and how far the document has come to hold it."""

    def __init__(self, showing: Showing, lines: Sequence[str], now_s: float) -> None:
        cursor = showing.column + showing.num_typed
        line = lines[showing.line]
        self.showing = showing
        self.texts = tuple(_plain(text) for text in showing.texts)
        self.shown_s = now_s
        self.said_shown = False
        self.said_accepted = False
        self.num_reached = showing.num_typed
        self.region = Region(showing.line, showing.line + 1, len(lines))
        self._head = line[: showing.column]
        self._tail = _plain(line[cursor:])
        self._begun = line[showing.column : cursor]
        self._taken: set[int] = set()

    @property
    def text(self) -> str:
        """The alternative that the document agrees with, the first of them while that is open."""
        return next((text for text in self.texts if text.startswith(self._begun)), self.texts[0])

    @property
    def num_accepted(self) -> int:
        """Characters that were taken at once."""
        return len(self._taken)

    @property
    def is_complete(self) -> bool:
        return self.num_reached >= len(self.text)

    def has_cursor_of(self, other: Standing) -> bool:
        """Whether ``other`` was shown where the cursor of this one is."""
        mine, its = self.region, other.region
        return (
            self.showing.surface is other.showing.surface
            and (mine.num_lines, mine.num_below) == (its.num_lines, its.num_below)
            and self._tail.lstrip(_CLOSERS) == other._tail.lstrip(_CLOSERS)
        )

    def goes_on_as(self, other: Standing) -> bool:
        """Whether ``other`` is this suggestion again, some of it typed; if so its texts are this one's from now on."""
        left = self.text[self.num_reached :]
        rests = [text[other.showing.num_typed :] for text in other.texts]
        if not self.has_cursor_of(other) or not left:
            return False
        if not any(rest and (rest.startswith(left) or left.startswith(rest)) for rest in rests):
            return False
        self._begun = self.text[: self.num_reached]
        self.texts = tuple(self._begun + rest for rest in rests)
        return True

    def follow(self, edits: Sequence[LineEdit], lines: Sequence[str]) -> Ending | None:
        """The document became ``lines``. Returns how the suggestion ended, or ``None`` while it stands."""
        at_end = not self._tail.strip()
        touched = [self.region.follow(edit, holds_start=not self._head, holds_end=at_end) for edit in edits]
        if not any(touched):
            return None
        found = self._between(lines)
        if found is None:
            return Ending.REJECTED
        for text in self.texts:
            num_reached = _reach(found, text)
            if num_reached is not None:
                return self._advance(text, num_reached)
        return Ending.REJECTED

    def take(self, start: int, stop: int) -> None:
        """The editor says that it put characters ``start`` to ``stop`` of the text in at once."""
        self._taken.update(range(start, min(stop, len(self.text))))
        self.said_accepted = self.said_accepted or stop >= len(self.text)

    def _advance(self, text: str, num_reached: int) -> Ending | None:
        step = text[self.num_reached : num_reached]
        whole = num_reached == len(text)
        num_visible = len("".join(step.split()))
        taken = num_visible >= (_MIN_REST_CHARS if whole else _MIN_TAKEN_CHARS)
        if taken:
            self._taken.update(range(self.num_reached, num_reached))
        if num_reached < self.num_reached:
            self._taken.difference_update(range(num_reached, self.num_reached))
        self._begun = text[:num_reached]
        self.num_reached = num_reached
        if not whole:
            return None
        if taken or self.said_accepted:
            return Ending.ACCEPTED
        return Ending.PARTLY if self._taken else Ending.TYPED

    def _between(self, lines: Sequence[str]) -> str | None:
        """What stands between the text before the item and that after the cursor; ``None`` if either changed."""
        present = _plain("".join(self.region.lines(lines)))
        if not present.startswith(self._head) or not present[len(self._head) :].endswith(self._tail):
            return None
        return present[len(self._head) : len(present) - len(self._tail)]


def _reach(found: str, text: str) -> int | None:
    """How many characters of ``text`` are ``found``; ``None`` when something else is.

    Closing brackets and quotes that the editor added behind the typed ones do not count.
    """
    for num_closers in range(len(found) + 1):
        typed = found[: len(found) - num_closers]
        if num_closers > sum(typed.count(opener) for opener in _OPENERS):
            return None
        if text.startswith(typed):
            return len(typed)
        if typed[-1] not in _CLOSERS:
            return None
    return None


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
