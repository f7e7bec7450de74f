"""The imports of a text that is being edited, from its syntax tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from fimble.index import imports
from fimble.index.captures import _IMPORTS, Captures
from fimble.index.records import Import
from fimble.syntax.languages import Language, grammar
from fimble.syntax.trees import TREES
from fimble.text import Cursor

if TYPE_CHECKING:
    import tree_sitter


MAX_AWAITED = 8
"""A file that uses none of more imports is one that hands them on."""
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class LiveImports:
    """What a text takes from elsewhere, and what it does with it."""

    imports: tuple[Import, ...] = ()
    """In the order of the text, each once."""
    words: frozenset[str] = frozenset()
    """Every word of the text, imports apart."""

    @property
    def unused(self) -> tuple[Import, ...]:
        """Those that nothing in the text uses yet: what they are for is likely still to be written."""
        return tuple(one for one in self.imports if one.alias and one.alias.partition(".")[0] not in self.words)


def live_imports(cursor: Cursor) -> LiveImports:
    """Of the cursor's document; nothing where it has no tree, or is not parsed whole."""
    import tree_sitter

    parsed = TREES.at(cursor)
    query = _query(parsed.language) if parsed is not None else None
    if parsed is None or query is None or len(parsed.text) < len(cursor.snapshot.text):
        return LiveImports()
    captured = tree_sitter.QueryCursor(query).captures(parsed.tree.root_node)
    found = imports.imports(parsed, Captures(imports=captured.get("import", [])))
    rest, end = [], 0
    for node in found.nodes:
        rest.append(parsed.data[end : node.start_byte])
        end = max(end, node.end_byte)
    rest.append(parsed.data[end:])
    taken = tuple(one for one in found.imports if one.module != "__future__")
    return LiveImports(taken, frozenset(_WORD.findall(b" ".join(rest).decode("utf-8", "replace"))))


def awaited_names(cursor: Cursor) -> frozenset[str]:
    """Imported and not used yet; none where that is what the file is for, as in a package's ``__init__``."""
    unused = [one.alias.partition(".")[0] for one in live_imports(cursor).unused if one.name != "*"]
    return frozenset(unused) if len(unused) <= MAX_AWAITED else frozenset()


@cache
def _query(language: Language) -> tree_sitter.Query | None:
    import tree_sitter

    known = grammar(language)
    if known is None:
        return None
    fitting = []
    for kind in _IMPORTS:
        try:
            tree_sitter.Query(known, f"({kind}) @import")
        except tree_sitter.QueryError:
            continue
        fitting.append(f"({kind}) @import")
    return tree_sitter.Query(known, " ".join(fitting)) if fitting else None
