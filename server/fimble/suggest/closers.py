"""Closing brackets that close nothing: there is no opening one, or its closing one stands after the cursor.

Small models close what the editor has closed already. What remains without the surplus
bracket is often exactly right.
"""

from __future__ import annotations

from fimble.suggest.brackets import net_closers
from fimble.syntax.pairs import brackets
from fimble.syntax.parsed import Parsed
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Reason

_REACH_CHARS = 32_000
"""How far around the cursor brackets are counted in a file that has faults."""


def cut_surplus_closers(text: str, cursor: Cursor) -> str | Reason:
    """Cut ``text`` before the closing bracket from which on there are more of them than can be.

    ``a) + (b`` between brackets stays: it closes one, but opens one too.
    """
    if not any(closer in text for closer in ")]}"):
        return text
    after = TREES.at(cursor, text)
    before = TREES.at(cursor) if after is not None else None
    if after is None or before is None:
        end = _end_by_characters(text, cursor)
    else:
        end = _end_by_tree(text, cursor, before, after) if after.faults else None
    if end is None:
        return text
    return text[:end].rstrip() or Reason.BREAKS_SYNTAX


def _end_by_tree(text: str, cursor: Cursor, before: Parsed, after: Parsed) -> int | None:
    """Where the part of ``text`` ends that is kept; ``None`` for all of it."""
    first, last = after.byte_at(cursor.offset), after.byte_at(cursor.offset + len(text))
    inside = brackets(after, first, last)
    if sum(change for _, change in inside) >= 0:
        return None
    surplus = _surplus_outside(cursor, text, after) if before.faults else 0
    return _last_balance([(after.offset_at(byte) - cursor.offset, change) for byte, change in inside], surplus)


def _surplus_outside(cursor: Cursor, text: str, after: Parsed) -> int:
    """How many closing brackets around the inserted ``text`` have no opening one; negative: the other way."""
    first, last = cursor.offset, cursor.offset + len(text)
    behind = brackets(after, after.byte_at(first - _REACH_CHARS), after.byte_at(first))
    ahead = brackets(after, after.byte_at(last), after.byte_at(last + _REACH_CHARS))
    return _unclosed([-change for _, change in reversed(ahead)]) - _unclosed([change for _, change in behind])


def _unclosed(changes: list[int]) -> int:
    """How many brackets stay open, read in order; one that closes nothing is passed over."""
    depth = 0
    for change in changes:
        depth = max(0, depth + change)
    return depth


def _last_balance(changes: list[tuple[int, int]], surplus: int) -> int | None:
    """The place of the first closing bracket after which ``surplus`` never comes down to none again."""
    allowed = max(0, surplus)
    end: int | None = None
    for place, change in changes:
        was_within = surplus <= allowed
        surplus -= change
        if surplus <= allowed:
            end = None
        elif was_within:
            end = place
    return end


def _end_by_characters(text: str, cursor: Cursor) -> int | None:
    """The same for an unknown language: only what the rest of the cursor's line closes already is surplus."""
    ahead = net_closers(cursor.line_suffix)
    if ahead <= 0 or "\n" in text:
        return None
    surplus = ahead + net_closers(cursor.line_prefix)
    return _last_balance([(place, -net_closers(char)) for place, char in enumerate(text)], surplus)
