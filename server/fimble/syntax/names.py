"""Names in Python code, as far as a syntax tree tells: which are read, which are bound, which exist.

The code is being typed and often broken, so every doubt is decided in favour of a name:
one next to a fault is not judged, and in a broken file a name exists wherever it is written.
"""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from fimble.syntax.languages import LANGUAGES, grammar
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

ALWAYS_KNOWN = (
    frozenset(dir(builtins))
    | frozenset(keyword.kwlist)
    | frozenset(keyword.softkwlist)
    | frozenset({"self", "cls", "exec", "reveal_type", "WindowsError", "ExceptionGroup", "BaseExceptionGroup"})
    | frozenset({"PythonFinalizationError", "EncodingWarning", "aiter", "anext"})
)
"""Names that need no definition in any Python from 3.9 on."""

_STAR_IMPORT = re.compile(rb"(?m)^[ \t]*from[ \t]+[.\w]+[ \t]+import[ \t]*\(?[ \t]*\*")
_MAX_OCCURRENCES = 200
_BINDS_ANY_CHILD = frozenset(
    {
        "parameters", "lambda_parameters", "typed_parameter", "list_splat_pattern", "dictionary_splat_pattern",
        "pattern_list", "tuple_pattern", "list_pattern", "as_pattern_target", "global_statement", "nonlocal_statement",
        "dotted_name", "aliased_import", "import_statement", "import_from_statement", "type_parameter",
    }
)  # fmt: skip
"""Nodes whose identifiers are bound, whatever their field."""
_BINDS_FIELD = frozenset(
    {
        ("function_definition", "name"),
        ("class_definition", "name"),
        ("default_parameter", "name"),
        ("typed_default_parameter", "name"),
        ("assignment", "left"),
        ("for_statement", "left"),
        ("for_in_clause", "left"),
        ("named_expression", "name"),
    }
)
_IS_NO_NAME = frozenset({("attribute", "attribute"), ("keyword_argument", "name")})
_BINDS_ALL_INSIDE = frozenset({"case_pattern", "type_parameter", "as_pattern_target"})


@dataclass(frozen=True, slots=True)
class Uses:
    """The names in a stretch of code."""

    read: tuple[tuple[int, str], ...]
    """Byte and name of every plain name that is read, in order."""
    bound: frozenset[str]
    """Names that are, or may be, given a value there."""


def uses(parsed: Parsed, start: int, end: int) -> Uses:
    """What is read and bound between two bytes of ``parsed.data``."""
    import tree_sitter

    cursor = tree_sitter.QueryCursor(_identifiers())
    cursor.set_byte_range(start, end)
    line_start = parsed.data.rfind(b"\n", 0, start) + 1
    read: list[tuple[int, str]] = []
    bound: set[str] = set()
    for node in cursor.captures(parsed.tree.root_node).get("name", []):
        name = parsed.data[node.start_byte : node.end_byte].decode("utf-8", "replace")
        role = _role(node, line_start)
        if role == "read":
            read.append((node.start_byte, name))
        elif role == "bound":
            bound.add(name)
    return Uses(tuple(sorted(read)), frozenset(bound))


def exists(name: str, parsed: Parsed, start: int, end: int) -> bool:
    """Whether ``name`` stands in the code outside bytes ``start`` to ``end``, other than behind a dot or as a keyword.

    A string that is the name, as in ``__all__``, counts too.
    """
    if not name.isascii():
        return True
    places = re.compile(rb"(?<![\w.\x80-\xff])" + name.encode() + rb"(?![\w\x80-\xff])").finditer(parsed.data)
    for number, place in enumerate(places):
        if place.start() < end and place.end() > start:
            continue
        if number >= _MAX_OCCURRENCES or parsed.faults or _is_evidence(parsed, place.start(), place.end()):
            return True
    return False


def imports_star(parsed: Parsed) -> bool:
    """Whether names may come from anywhere."""
    return _STAR_IMPORT.search(parsed.data) is not None


def _is_evidence(parsed: Parsed, start: int, end: int) -> bool:
    node = parsed.tree.root_node.descendant_for_byte_range(start, end)
    if node is None or node.type == "comment":
        return False
    if node.type == "identifier":
        return node.parent is None or (node.parent.type, _field(node, node.parent)) not in _IS_NO_NAME
    if node.type in ("string_content", "string"):
        return parsed.data[start - 1 : start] in (b'"', b"'") and parsed.data[end : end + 1] in (b'"', b"'")
    return True


def _role(node: tree_sitter.Node, line_start: int) -> str:
    """``read``, ``bound``, or nothing for an attribute, a keyword, and where a fault makes it unsure."""
    parent = node.parent
    if parent is None:
        return ""
    kind = (parent.type, _field(node, parent))
    if kind in _IS_NO_NAME:
        return ""
    if parent.type in _BINDS_ANY_CHILD or kind in _BINDS_FIELD:
        return "bound"
    ancestor: tree_sitter.Node | None = parent
    while ancestor is not None:
        if ancestor.type in _BINDS_ALL_INSIDE or (ancestor.is_error and ancestor.start_byte >= line_start):
            return "bound"
        if ancestor.type == "type_alias_statement":
            left = ancestor.child_by_field_name("left")
            return "bound" if left is not None and node.end_byte <= left.end_byte else "read"
        ancestor = ancestor.parent
    return "bound" if parent.is_error else "read"


def _field(node: tree_sitter.Node, parent: tree_sitter.Node) -> str | None:
    """The name of the field of ``parent`` in which ``node`` stands."""
    for index, child in enumerate(parent.children):
        if child == node:
            return parent.field_name_for_child(index)
    return None


@cache
def _identifiers() -> tree_sitter.Query:
    import tree_sitter

    known = grammar(LANGUAGES["python"])
    assert known is not None, "there is a parsed text, so there is a grammar"
    return tree_sitter.Query(known, "(identifier) @name")
