"""Brackets as the syntax tree sees them: those in strings and comments are none."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fimble.syntax.languages import Language, grammar
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

OPENERS = "([{"
CLOSERS = ")]}"


def depth_change(token: str) -> int:
    """How many more brackets ``token`` opens than it closes."""
    return sum((char in OPENERS) - (char in CLOSERS) for char in token)


def brackets(parsed: Parsed, start: int, end: int) -> list[tuple[int, int]]:
    """Byte and ``depth_change`` of every bracket token between two bytes of ``parsed.data``, in order."""
    query = _query(parsed.language)
    if query is None or start >= end:
        return []
    import tree_sitter

    cursor = tree_sitter.QueryCursor(query)
    cursor.set_byte_range(start, end)
    found = cursor.captures(parsed.tree.root_node).get("bracket", [])
    return sorted(
        (node.start_byte, depth_change(node.type))
        for node in found
        if start <= node.start_byte and node.end_byte <= end and not node.is_missing
    )


@cache
def _query(language: Language) -> tree_sitter.Query | None:
    """Finds every token of the language that opens or closes something; ``${`` is one as well as ``{``."""
    known = grammar(language)
    if known is None:
        return None
    import tree_sitter

    kinds = {known.node_kind_for_id(kind) for kind in range(known.node_kind_count) if _is_token(known, kind)}
    quoted = " ".join(f'"{kind}"' for kind in sorted(kind for kind in kinds if kind and depth_change(kind)))
    return tree_sitter.Query(known, f"[{quoted}] @bracket") if quoted else None


def _is_token(known: tree_sitter.Language, kind: int) -> bool:
    name = known.node_kind_for_id(kind) or ""
    is_plain = not any(char.isalnum() or char in "\"'" or char.isspace() for char in name)
    return is_plain and known.node_kind_is_visible(kind) and not known.node_kind_is_named(kind)
