"""An editor's screen for the tracker's tests: text with a mark at the cursor, typing, accepting, and a clock."""

from __future__ import annotations

from fimble.acceptance.records import Record, Surface
from fimble.acceptance.region import LineEdit, line_edit
from fimble.acceptance.showing import Showing
from fimble.acceptance.tracker import Tracker

URI = "file:///a.py"


def lines_of(text: str) -> list[str]:
    return text.splitlines(keepends=True) + ([""] if not text or text.endswith("\n") else [])


class Screen:
    """One document, one cursor, one tracker."""

    def __init__(self, marked: str) -> None:
        self.before, _, self.after = marked.partition("‸")
        self.tracker = Tracker()
        self.now_s = 100.0
        self.num_shown = 0

    @property
    def text(self) -> str:
        return self.before + self.after

    def show(self, *texts: str, num_typed: int = 0, surface: Surface = Surface.INLINE) -> str:
        """Show ``texts``, each with the ``num_typed`` characters before the cursor; a second passes."""
        self.num_shown += 1
        line = self.before.count("\n")
        column = len(self.before) - self.before.rfind("\n") - 1 - num_typed
        showing = Showing(str(self.num_shown), URI, "python", surface, line, column, texts, num_typed, 0.5, 12.0)
        self.tracker.show(showing, lines_of(self.text), self.now_s)
        self.now_s += 1
        return showing.id

    def put(self, text: str, after: str | None = None) -> None:
        """Insert ``text`` at the cursor in one change; ``after`` is what follows then."""
        line = self.before.count("\n")
        edit = LineEdit(line, line + 1, 1 + text.count("\n"))
        self.become(self.before + text, self.after if after is None else after, edit)

    def type(self, text: str) -> None:
        for letter in text:
            self.put(letter)
            self.now_s += 0.1

    def become(self, before: str, after: str, edit: LineEdit | None = None) -> None:
        old = lines_of(self.text)
        self.before, self.after = before, after
        new = lines_of(self.text)
        self.tracker.change(URI, [edit or line_edit(old, new)], new, self.now_s)

    def records(self, after_s: float = 60.0) -> list[Record]:
        """What is recorded by then."""
        self.now_s += after_s
        return self.tracker.due(self.now_s, lambda _: lines_of(self.text))

    def record(self, after_s: float = 60.0) -> Record:
        (record,) = self.records(after_s)
        return record
