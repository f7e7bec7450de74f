"""Comments, for those who turned suggestions in them off: none at the cursor, none at a suggestion's end."""

from __future__ import annotations

from fimble.syntax.languages import language_of
from fimble.syntax.parsed import Place
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Reason

_MARKS = ("//", "#", "--", "/*", "<!--")
"""What begins a comment in most languages, for a language that is not known."""
_PROSE = frozenset({"markdown", "plaintext", "text", "restructuredtext", "latex", "asciidoc"})


def in_comment(cursor: Cursor) -> bool:
    """Whether the cursor stands in a comment; text typed at the end of a line comment is still in it."""
    parsed = TREES.at(cursor)
    if parsed is not None:
        return parsed.place_at(cursor.offset) is Place.COMMENT
    if cursor.snapshot.language in _PROSE:
        return False
    language = language_of(cursor.snapshot)
    marks = (language.line_comment,) if language is not None and language.line_comment else _MARKS
    return cursor.line_prefix.lstrip().startswith(marks)


def cut_comments(text: str, cursor: Cursor) -> str | Reason:
    """``text`` without the comments that it ends with; for use where ``Config.comments`` is off."""
    if not text.strip():
        return text
    kept = text
    while kept.strip():
        parsed = TREES.at(cursor, kept)
        start = parsed.comment_start(cursor.offset + len(kept.rstrip())) if parsed else None
        if start is None:
            return kept
        kept = kept[: max(0, start - cursor.offset)].rstrip()
    return Reason.IN_COMMENT
