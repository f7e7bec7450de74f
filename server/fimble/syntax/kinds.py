"""What syntax trees call functions, classes and their parts, in every language that has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

    from fimble.syntax.parsed import Parsed


def named(names: str) -> frozenset[str]:
    """Node types, from a text with blanks between them."""
    return frozenset(names.split())


FUNCTIONS = named(
    """function_definition function_declaration generator_function_declaration method_definition method_declaration
    constructor_declaration local_function_statement function_item method singleton_method init_declaration
    deinit_declaration function_signature_item function_signature method_signature abstract_method_signature
    method_elem protocol_function_declaration"""
)
CLASSES = named(
    """class_definition class_declaration abstract_class_declaration class_specifier struct_specifier class
    interface_declaration trait_item impl_item module object_definition object_declaration struct_declaration
    trait_definition enum_declaration protocol_declaration trait_declaration record_declaration struct_item
    enum_item"""
)
_NEEDS_BODY = frozenset(["struct_specifier", "class_specifier"])
"""Used as types, too."""
_PROTOTYPES = frozenset(["declaration", "field_declaration"])
_HOLDERS = {
    "variable_declarator": "value",
    "public_field_definition": "value",
    "field_definition": "value",
    "pair": "value",
    "assignment_expression": "right",
    "assignment_statement": "value",
}
"""What gives a function without a name its name -> the field that it is in."""
_ANONYMOUS = frozenset(["arrow_function", "function_expression", "generator_function", "function_definition"])
_BODIES = named(
    """function_body class_body block body_statement compound_statement statement_block do_block template_body
    declaration_list field_declaration_list enum_class_body protocol_body interface_body"""
)
_WRAPPERS = named(
    """decorated_definition export_statement ambient_declaration template_declaration lexical_declaration
    variable_declaration expression_statement global_statement"""
)
_DECORATORS = frozenset(["attribute_item", "decorator"])
"""Stand beside what they belong to."""
_NOTHING = frozenset(["pass_statement", ";", "{", "}", ":", "=", "=>", "ellipsis", "do", "end", "NULL"])
_UNWRITTEN = re.compile(
    r"(?:=>\s*)?(?:raise|throw)\b.*(?:NotImplemented|not (?:yet |been )?implemented|TODO\W*$|UnsupportedOperation)"
    r"|(?:todo|unimplemented)!\(|(?:=\s*)?TODO\(|fatalError\(\)"
    r"|(?:panic|error|fatalError)\b.*(?:not (?:yet |been )?implemented|TODO\W*$|unimplemented)",
    re.IGNORECASE,
)
"""What people write into a body that is still to be written."""
_ABSTRACT = re.compile(r"@(?:\w+\.)*(?:abstract\w*|overload)\b")
_PROTOCOL = re.compile(r"^class\s+\w+[^:]*\bProtocol\b")
_NAMES = frozenset(
    ["identifier", "simple_identifier", "type_identifier", "property_identifier", "field_identifier", "name", "word"]
)


def owner_of(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The node with the body of the definition that ``node`` is; ``None`` where it is none."""
    if not node.is_named:
        return None
    if node.type in _HOLDERS:
        held = node.child_by_field_name(_HOLDERS[node.type])
        if held is None and node.type == "assignment_statement":
            held = next((child for part in node.children[-1:] for child in part.named_children), None)
        return held if held is not None and held.type in _ANONYMOUS else None
    if node.type in _PROTOTYPES:
        declared = node.child_by_field_name("declarator")
        while declared is not None and declared.type in ("pointer_declarator", "reference_declarator"):
            declared = declared.child_by_field_name("declarator") or next(iter(declared.named_children), None)
        return node if declared is not None and declared.type == "function_declarator" else None
    if node.type in FUNCTIONS:
        return node
    is_class = node.type in CLASSES and node.child_count > 0
    return node if is_class and (node.type not in _NEEDS_BODY or body_of(node) is not None) else None


def name_of(node: tree_sitter.Node, data: bytes) -> str:
    """The name, through the declarators that C wraps around it; empty where there is none."""
    named = name_node_of(node)
    return "" if named is None else _text(named, data)


def name_node_of(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The node of the name."""
    fields = ("name", "declarator", "left", "key", "property", "type")
    named = next((found for field in fields if (found := node.child_by_field_name(field)) is not None), None)
    if node.type == "assignment_statement":
        named = node.children[0]
    while named is not None and "declarator" in named.type:
        named = named.child_by_field_name("declarator") or next(
            (child for child in named.named_children if child.type != "type_qualifier"), None
        )
    if named is None:
        named = next((child for child in node.children if child.type in _NAMES), None)
    return named


def whole(node: tree_sitter.Node) -> tuple[tree_sitter.Node, tree_sitter.Node]:
    """Where the definition begins, decorators and ``export`` included, and what it ends with."""
    outer = node
    while (parent := outer.parent) is not None and parent.type in _WRAPPERS:
        if parent.named_child_count > 1 and parent.type not in (
            "decorated_definition", "export_statement", "template_declaration"
        ):  # fmt: skip
            break
        outer = parent
    first = outer
    while (before := first.prev_named_sibling) is not None and before.type in _DECORATORS:
        first = before
    return first, outer


def decorated_by(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """What a decorator, attribute or wrapper belongs to."""
    if node.type in _DECORATORS:
        following = node.next_named_sibling
        while following is not None and following.type in _DECORATORS:
            following = following.next_named_sibling
        if following is not None:
            yield following
    elif node.type in _WRAPPERS:
        yield from node.named_children
        for child in node.named_children:
            yield from decorated_by(child)


def body_of(owner: tree_sitter.Node) -> tree_sitter.Node | None:
    """The node of its body, braces included."""
    body = owner.child_by_field_name("body")
    return body or next((child for child in owner.children if child.type in _BODIES), None)


def inside_of(owner: tree_sitter.Node, body: tree_sitter.Node | None) -> tuple[int, int] | None:
    """Bytes that may be written anew: between the braces, or from the signature's end to the end."""
    inner = body
    while inner is not None and inner.child_count and inner.children[0].type != "{":
        if inner.type not in ("function_body", "block") or inner.children[0].type not in _BODIES:
            break
        inner = inner.children[0]
    if inner is not None and inner.child_count and inner.children[0].type == "{":
        return inner.children[0].end_byte, inner.children[-1].start_byte
    if owner.children and owner.children[-1].type == "end":
        heads = [child for child in owner.children[:-1] if child != body and "comment" not in child.type]
        return heads[-1].end_byte, owner.children[-1].start_byte
    colon = next((child for child in reversed(owner.children) if child.type == ":"), None)
    if owner.type in ("function_definition", "class_definition") and colon is not None and body is not None:
        return (colon.end_byte, max(colon.end_byte, body.end_byte)) if _is_python(owner) else None
    return None


def docstring_of(body: tree_sitter.Node | None) -> tree_sitter.Node | None:
    """The string that a Python body begins with."""
    first = next((child for child in body.named_children if child.type != "comment"), None) if body else None
    if first is None or first.type != "expression_statement" or first.named_child_count != 1:
        return None
    return first.named_children[0] if first.named_children[0].type == "string" else None


def says_nothing(node: tree_sitter.Node, parsed: Parsed) -> bool:
    """Whether ``node`` is a comment, a docstring, or says that something is still to be written."""
    if node.type in _NOTHING or node.type in parsed.language.comments:
        return True
    if node.type in FUNCTIONS or node.type in CLASSES:
        return False
    if node.type in _BODIES:
        return all(says_nothing(child, parsed) for child in node.children)
    text = _text(node, parsed.data).strip()
    if text in (":", "???"):
        return True
    if node.type == "expression_statement" and node.named_child_count == 1:
        only = node.named_children[0]
        if parsed.language.name == "python" and only.type in ("string", "ellipsis"):
            return True
    return "\n" not in text and _UNWRITTEN.match(text) is not None


def is_abstract(first: tree_sitter.Node, node: tree_sitter.Node, parsed: Parsed) -> bool:
    """Whether Python's decorators, or a ``Protocol`` around it, say that a body says nothing."""
    if parsed.language.name != "python":
        return False
    if first.type == "decorated_definition" and _ABSTRACT.search(
        _text(first, parsed.data)[: node.start_byte - first.start_byte]
    ):
        return True
    holder = first.parent and first.parent.parent
    return (
        holder is not None
        and holder.type == "class_definition"
        and bool(_PROTOCOL.match(_text(holder, parsed.data)[:200]))
    )


def _is_python(owner: tree_sitter.Node) -> bool:
    return any(child.type in ("def", "class") for child in owner.children) and owner.children[-1].type == "block"


def _text(node: tree_sitter.Node, data: bytes) -> str:
    """Not ``node.text``: a tree that was read piece by piece has no text of its own."""
    return data[node.start_byte : node.end_byte].decode(errors="replace")
