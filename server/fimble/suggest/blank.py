"""Nothing but white space is no suggestion; blank lines at the end are not part of one."""

from __future__ import annotations

from fimble.text import Cursor, Reason


def drop_blank(text: str, cursor: Cursor) -> str | Reason:
    """``text`` without trailing white space; kept where code follows at once on the line."""
    if not text.strip():
        return Reason.EMPTY
    follows_at_once = cursor.line_suffix.strip() and not cursor.line_suffix[0].isspace()
    return text if follows_at_once else text.rstrip()
