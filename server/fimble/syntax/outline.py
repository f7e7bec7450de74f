"""Functions and classes of a parsed text: what they are called, where they begin, where their bodies are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

_FUNCTIONS = frozenset(
    [
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "method_definition",
        "method_declaration",
        "constructor_declaration",
        "local_function_statement",
        "function_item",
        "method",
        "singleton_method",
        "init_declaration",
        "function_signature_item",
    ]
)
_CLASSES = frozenset(
    [
        "class_definition",
        "class_declaration",
        "abstract_class_declaration",
        "class_specifier",
        "struct_specifier",
        "class",
        "interface_declaration",
        "trait_item",
        "impl_item",
        "module",
        "object_definition",
        "object_declaration",
        "struct_declaration",
        "trait_definition",
        "enum_declaration",
        "protocol_declaration",
    ]
)
_BODIES = (
    "function_body",
    "class_body",
    "block",
    "body_statement",
    "compound_statement",
    "statement_block",
    "do_block",
)
_WRAPPERS = frozenset(["decorated_definition", "export_statement", "ambient_declaration", "template_declaration"])
_NOTHING = frozenset(["pass_statement", ";", "{", "}", ":", "ellipsis", "do", "end"])
_UNWRITTEN = ("NotImplemented", "todo!(", "unimplemented!(", "TODO(", "not implemented")
"""What people write into a body that is still to be written."""
_ARROWS = frozenset(["arrow_function", "function_expression"])


@dataclass(frozen=True, slots=True)
class Definition:
    """One function or class; offsets are code points of the document."""

    is_class: bool
    name: str
    start: int
    """Where it begins, decorators and ``export`` included."""
    end: int
    body: tuple[int, int] | None
    """Where its body begins and ends; ``None`` where it has none, as in an interface."""
    is_empty: bool
    """Whether there is nothing in its body but comments, a docstring, or what says that it is still to be written."""


def definitions(parsed: Parsed) -> Iterator[Definition]:
    """All of them, an outer one before those inside it."""
    waiting = [parsed.tree.root_node]
    while waiting:
        node = waiting.pop()
        found = _definition(parsed, node)
        if found is not None:
            yield found
        waiting += reversed(node.children)


def enclosing(parsed: Parsed, offset: int) -> tuple[Definition, ...]:
    """Those that hold the code point ``offset``, the innermost first."""
    around = [found for found in definitions(parsed) if found.start <= offset <= found.end]
    return tuple(sorted(around, key=lambda found: found.end - found.start))


def _definition(parsed: Parsed, node: tree_sitter.Node) -> Definition | None:
    owner = node
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        if value is None or value.type not in _ARROWS:
            return None
        owner = value
    elif node.type not in _FUNCTIONS | _CLASSES:
        return None
    name = _name(node, parsed)
    if not name:
        return None
    outer = node
    while outer.parent is not None and (outer.parent.type in _WRAPPERS or outer.type == "variable_declarator"):
        outer = outer.parent
    body = owner.child_by_field_name("body") or next((c for c in owner.children if c.type in _BODIES), None)
    return Definition(
        node.type in _CLASSES,
        name,
        parsed.offset_at(outer.start_byte),
        parsed.offset_at(outer.end_byte),
        None if body is None else (parsed.offset_at(body.start_byte), parsed.offset_at(body.end_byte)),
        body is None or all(_says_nothing(part, parsed) for part in body.children or [body]),
    )


def _name(node: tree_sitter.Node, parsed: Parsed) -> str:
    """The name, through the declarators that C wraps around it."""
    named: tree_sitter.Node | None = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    while named is not None and (inner := named.child_by_field_name("declarator")) is not None:
        named = inner
    if named is None:
        named = next((child for child in node.children if child.type in ("identifier", "simple_identifier")), None)
    return "" if named is None else _text(named, parsed)


def _says_nothing(node: tree_sitter.Node, parsed: Parsed) -> bool:
    if node.type in _NOTHING or node.type in parsed.language.comments:
        return True
    if node.type in _FUNCTIONS | _CLASSES:
        return False
    if node.type in _BODIES:
        return all(_says_nothing(child, parsed) for child in node.children)
    text = _text(node, parsed)
    if text == ":":
        return True
    if node.type == "expression_statement" and node.named_child_count == 1:
        only = node.named_children[0]
        return only.type in ("string", "ellipsis")
    return "\n" not in text and (text == "???" or any(word in text for word in _UNWRITTEN))


def _text(node: tree_sitter.Node, parsed: Parsed) -> str:
    """Not ``node.text``: a tree that was read piece by piece has no text of its own."""
    return parsed.data[node.start_byte : node.end_byte].decode(errors="replace")
