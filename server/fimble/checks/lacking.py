"""Names that code reads and nothing in it brings, with the statement that would: Python has its own in ``imports``.

Packages and types of a standard library are told by where they stand (``libraries``), what C and C++ include by their
compilers (``headers``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from fimble.checks.headers import missing_headers
from fimble.checks.libraries import LIBRARIES
from fimble.syntax.languages import LANGUAGES, Language, grammar
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import Parsed, parse

if TYPE_CHECKING:
    import tree_sitter

_BUDGET_MS = 1000.0
_VERSION = re.compile(r"/v\d+$")
_NAMES = ("identifier", "type_identifier", "package_identifier")


@dataclass(frozen=True, slots=True)
class Lacking:
    """A name, and the statement that brings it."""

    name: str
    statement: str


@lru_cache(maxsize=32)
def lacking(text: str, language: Language) -> tuple[Lacking, ...]:
    """What ``text`` reads of its language's standard library and does not import, by name; nothing in doubt."""
    if language.name in ("c", "cpp"):
        return tuple(Lacking(name, f"#include <{header}>") for name, header in missing_headers(text, language.name))
    parsed = parse(language, text, encode(text), _BUDGET_MS) if language.name in LIBRARIES else None
    if parsed is None:
        return ()
    library, own = LIBRARIES[language.name], _own_names(parsed)
    found: list[Lacking] = []
    for name, members in sorted(names_read(parsed).items()):
        told = next((f"{name}.{member}" for member in sorted(members) if f"{name}.{member}" in library.names), name)
        statement = library.names.get(told)
        if statement is None or name in own:
            continue
        if not (library.everything and _with_all(statement, library.everything) in text):
            found.append(Lacking(name, statement))
    return tuple(found)


def names_read(parsed: Parsed) -> dict[str, set[str]]:
    """Names where a library's are read, each with the members that are read of it."""
    read: dict[str, set[str]] = {}
    for node in _captured(parsed, "read"):
        member = node.parent and (node.parent.child_by_field_name("field") or node.parent.child_by_field_name("name"))
        read.setdefault(_text(node, parsed), set()).add(_text(member, parsed) if member else "")
    return read


def _own_names(parsed: Parsed) -> set[str]:
    """Names that stand where no library's is read, and those that paths bring which are imported already."""
    ids = {node.id for node in _captured(parsed, "read")}
    paths = (_text(node, parsed).strip('"`') for node in _captured(parsed, "path"))
    found = {_VERSION.sub("", path).rpartition("/")[2] for path in paths}
    waiting = [parsed.tree.root_node]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.type in _NAMES and node.id not in ids:
            found.add(_text(node, parsed))
    return found


def _captured(parsed: Parsed, capture: str) -> list[tree_sitter.Node]:
    query = _query(parsed.language.name)
    if query is None:
        return []
    import tree_sitter

    return tree_sitter.QueryCursor(query).captures(parsed.tree.root_node).get(capture, [])


@cache
def _query(language: str) -> tree_sitter.Query | None:
    import tree_sitter

    known = grammar(LANGUAGES[language]) if language in LIBRARIES else None
    return tree_sitter.Query(known, LIBRARIES[language].query) if known is not None else None


def _with_all(statement: str, form: str) -> str:
    """What brings all that stands beside the last name of ``statement``."""
    path = statement.rstrip(";")
    separator = "::" if "::" in path else "."
    return form.format(path.rpartition(separator)[0])


def _text(node: tree_sitter.Node, parsed: Parsed) -> str:
    return parsed.data[node.start_byte : node.end_byte].decode(errors="replace")
