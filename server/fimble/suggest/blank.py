"""Nothing but white space is no suggestion; blank lines at the end are not part of one."""

from __future__ import annotations

from fimble.text import Cursor, Reason


def drop_blank(text: str, cursor: Cursor) -> str | Reason:
    """``text`` without trailing white space (kept where code follows on the line)."""
    if not text.strip():
        return Reason.EMPTY
    return text if cursor.line_suffix.strip() else text.rstrip()
