"""The indentation before the cursor: its last character is the model's to write, and is there already."""

from __future__ import annotations

from fimble.text import Cursor


def after_typed(answer: str, cursor: Cursor) -> str:
    """What of ``answer`` comes after the indentation that stands before the cursor (see ``prompt.build``)."""
    typed = cursor.line_prefix
    return answer.removeprefix(typed[-1]) if typed.isspace() else answer
