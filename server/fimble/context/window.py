"""What the model sees of the file itself: text before and after the cursor.

The window's start moves in steps of whole line groups, counted from the top of the
file, so that typing leaves the beginning of the prompt, and so the KV cache, as it was.
"""

from __future__ import annotations

from fimble.text import Cursor

STEP_LINES = 8


def starts(cursor: Cursor, max_chars: int) -> list[int]:
    """Offsets at which a prefix may start, earliest first: every ``STEP_LINES``-th line of the file.

    Only those at most ``max_chars`` before the cursor; the list may be empty.
    """
    text, earliest = cursor.snapshot.text, max(0, cursor.offset - max_chars)
    line = text.count("\n", 0, earliest)
    found = [0] if earliest == 0 else []
    newline = text.find("\n", earliest, cursor.offset)
    while newline != -1:
        line += 1
        if line % STEP_LINES == 0:
            found.append(newline + 1)
        newline = text.find("\n", newline + 1, cursor.offset)
    return found


def following(cursor: Cursor, max_chars: int) -> str:
    """Text after the cursor, ``max_chars`` at most, cut at a line's end where it is cut."""
    text = cursor.snapshot.text[cursor.offset : cursor.offset + max_chars]
    if cursor.offset + max_chars >= len(cursor.snapshot.text) or "\n" not in text:
        return text
    return text[: text.rfind("\n") + 1]
