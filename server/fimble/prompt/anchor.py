"""An anchor: the part of a prompt that stays as it is, byte for byte, while a person types.

In prefix-suffix-middle order every typed character would change the prefix, and with it
the keys and values of every suffix token. So the prefix ends at an anchor, the end of a
line some lines above the cursor; what follows it, and what is typed, comes after the middle
token, and a keystroke costs its own tokens only. Anchors are moved in idle time
(``features.ahead``).

Some lines, because the model finds the right line more often after a few that it could have
written itself than right after the middle token; ``docs/benchmarks.md`` has how much.
"""

from __future__ import annotations

from dataclasses import dataclass

from fimble.text import Cursor, Snippet, closers_before

MAX_TAIL_CHARS = 1600
MAX_TAIL_LINES = 20
"""An anchor farther back is not used: a new one is made, even if the person has to wait for it."""
LONG_LINE_CHARS = 512
LONG_LINE_STEP_CHARS = 128
"""In a line longer than this, as in minified files, anchors lie inside the line, at every so many characters."""
LEAD_LINES = 6
LEAD_CHARS = 400
"""A new anchor lies so many lines above the end of the line before the cursor's, if that is no more text than this."""
LATE_TAIL_CHARS = 800
LATE_TAIL_LINES = LEAD_LINES + 4
"""An anchor this far back is replaced in idle time."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a prompt was cut, and its tokens up to the text typed since."""

    uri: str
    start: int
    """Offset at which the prefix begins."""
    end: int
    """Offset at which it ends: the end of a line, or the start of the file."""
    prefix: str
    suffix: str
    """The text after the cursor that the prompt shows."""
    is_suffix_whole: bool
    """Whether ``suffix`` is all the text after the cursor."""
    snippets: tuple[Snippet, ...]
    head: tuple[int, ...]
    """Tokens of snippets, prefix, suffix and control tokens: all that comes before the typed text."""

    def tail(self, cursor: Cursor) -> str | None:
        """What was typed between the anchor and ``cursor``; ``None`` when the anchor does not hold there.

        Closing brackets and quotes that an editor put behind the cursor by itself are no reason to move it.
        """
        text = cursor.snapshot.text
        if cursor.snapshot.uri != self.uri or not self.end <= cursor.offset <= self.end + MAX_TAIL_CHARS:
            return None
        if text[self.start : self.end] != self.prefix:
            return None
        if closers_before(self.suffix, self.is_suffix_whole, text, cursor.offset) is None:
            return None
        tail = text[self.end : cursor.offset]
        return tail if tail.count("\n") <= MAX_TAIL_LINES else None

    def is_late(self, cursor: Cursor) -> bool:
        """Whether the anchor lies far behind the cursor, so that it should be moved in idle time."""
        num_lines = cursor.snapshot.text.count("\n", self.end, cursor.offset)
        return num_lines > LATE_TAIL_LINES or cursor.offset - self.end > LATE_TAIL_CHARS


def anchor_offset(cursor: Cursor, lead_chars: int = LEAD_CHARS) -> int:
    """Where a new anchor belongs: the end of the line ``LEAD_LINES`` above the one before the cursor's.

    Its line break excluded; nearer where ``lead_chars`` are fewer, but always on a line before the
    cursor's; the start of the file where there is none. Inside the cursor's line, in steps, where its start lies
    far back.
    """
    text = cursor.snapshot.text
    start = text.rfind("\n", 0, cursor.offset) + 1
    if cursor.offset - start > LONG_LINE_CHARS:
        return cursor.offset - (cursor.offset - start) % LONG_LINE_STEP_CHARS - LONG_LINE_STEP_CHARS
    for _ in range(LEAD_LINES):
        above = text.rfind("\n", 0, max(0, start - 1)) + 1
        if cursor.offset - above > lead_chars:
            break
        start = above
    if start == 0:
        return 0
    return start - (2 if text.endswith("\r\n", 0, start) else 1)
