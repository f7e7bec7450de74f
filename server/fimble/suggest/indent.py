"""The indentation before the cursor, which the prompt leaves to the model and an editor has already."""

from __future__ import annotations

from fimble.text import Cursor


def after_typed(answer: str, cursor: Cursor) -> str | None:
    """What of ``answer`` comes after the indentation that stands before the cursor.

    Empty while the answer has not got beyond it; ``None`` when the answer is indented
    otherwise and cannot stand at the cursor.
    """
    typed = cursor.line_prefix
    if not typed.isspace() or answer.startswith(("\n", "\r")):
        return answer
    if answer.startswith(typed):
        return answer[len(typed) :]
    return "" if typed.startswith(answer) else None
