"""What a model wrote, taken apart: imports, definitions, values, and whatever else it added unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from fimble.features.actions.imports import is_import
from fimble.features.actions.layout import Shape, line_start, shape_of
from fimble.syntax import kinds
from fimble.syntax.languages import Language
from fimble.syntax.offsets import encode
from fimble.syntax.outline import Definition, definition_of
from fimble.syntax.parsed import Parsed, parse

if TYPE_CHECKING:
    import tree_sitter

_BUDGET_MS = 500.0
_WRAPPER = "Wrapper__"
_CLASS_WRAPPED = frozenset(["javascript", "typescript", "tsx", "java", "csharp", "php", "kotlin", "swift", "cpp"])
"""Where a method outside of its class does not parse, or not always."""
_SPACES = frozenset(["namespace_declaration", "namespace_definition", "file_scoped_namespace_declaration"])
_SKIPPED = frozenset(["php_tag", "package_clause", "package_declaration", "package_header", "access_specifier"])
_VALUES = kinds.named(
    """assignment lexical_declaration variable_declaration const_declaration var_declaration type_declaration
    const_item static_item type_item declaration type_definition preproc_def preproc_function_def field_declaration
    property_declaration val_definition var_definition type_alias_declaration union_specifier enum_specifier
    macro_definition public_field_definition field_definition"""
)
_NAME = re.compile(r"[^\W\d]\w*")


class Role(Enum):
    """What a part of an answer is."""

    IMPORT = "import"
    DEFINITION = "definition"
    VALUE = "value"
    """Gives something a name."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that stands by itself, with the comments directly above it."""

    role: Role
    name: str
    """What it defines; the last component only."""
    start: int
    """Code points of the answer; where its first line begins."""
    end: int
    node: tree_sitter.Node
    definition: Definition | None = None
    core: int = 0
    """Where it begins itself, behind its comments."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Parsed, with its parts from top to bottom."""

    parsed: Parsed
    shape: Shape
    parts: tuple[Part, ...]

    def text(self, part: Part) -> str:
        """As it was written, comments above it included."""
        return self.parsed.text[part.start : part.end]

    def members(self, part: Part) -> tuple[Part, ...]:
        """The parts of a class, or those inside a function."""
        return tuple(_parts(self.parsed, _body(part.node)))

    def all_imports(self) -> tuple[str, ...]:
        """Its import statements."""
        return tuple(self.parsed.text[part.core : part.end] for part in self.parts if part.role is Role.IMPORT)


def read(code: str, language: Language) -> Answer | None:
    """``code`` with whatever it needs around it to parse best; ``None`` where there is nothing in it."""
    best: tuple[int, Parsed] | None = None
    for text in _wrapped(code.replace("\r\n", "\n").replace("\r", "\n"), language):
        parsed = parse(language, text, encode(text), _BUDGET_MS)
        if parsed is None:
            continue
        num_faults = len(parsed.faults)
        if best is None or num_faults < best[0]:
            best = num_faults, parsed
        if not num_faults:
            break
    if best is None or not code.strip():
        return None
    parsed = best[1]
    parts = tuple(_parts(parsed, parsed.tree.root_node))
    if len(parts) == 1 and parts[0].name == _WRAPPER:
        parts = tuple(_parts(parsed, _body(parts[0].node)))
    return Answer(parsed, shape_of(parsed), parts)


def last_name(name: str) -> str:
    """``f`` of ``A::f``, ``M.f`` and ``M:f``."""
    return re.split(r"::|[.:]", name)[-1]


def mentioned(name: str, text: str) -> bool:
    """Whether ``name`` stands in ``text`` as a word."""
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _wrapped(code: str, language: Language) -> Iterator[str]:
    head = "<?php\n" if language.name == "php" and "<?" not in code else ""
    yield head + code
    if language.name in _CLASS_WRAPPED:
        yield f"{head}class {_WRAPPER} {{\n{code}\n}}{';' if language.name == 'cpp' else ''}\n"


def _body(node: tree_sitter.Node) -> tree_sitter.Node:
    for one in (node, *kinds.decorated_by(node)):
        owner = kinds.owner_of(one)
        body = owner and kinds.body_of(owner)
        if body:
            return body
    return node


def _parts(parsed: Parsed, holder: tree_sitter.Node) -> Iterator[Part]:
    """Of what ``holder`` holds, namespaces taken as what they hold."""
    above: list[tree_sitter.Node] = []
    last_row = -1
    for node in holder.named_children:
        if node.type in _SKIPPED or (node.type == "name" and holder.type in kinds.CLASSES):
            continue
        if node.type in parsed.language.comments and node.start_point[0] == last_row:
            continue
        if above and node.start_point[0] > above[-1].end_point[0] + 1:
            above = []
        if node.type in parsed.language.comments or node.type in ("attribute_item", "decorator"):
            above.append(node)
            continue
        inner = node.child_by_field_name("body") if node.type in _SPACES else None
        if inner is not None:
            yield from _parts(parsed, inner)
        elif node.type not in _SPACES and node.start_byte < node.end_byte:
            yield _part(parsed, node, above)
        above, last_row = [], node.end_point[0]


def _part(parsed: Parsed, node: tree_sitter.Node, above: Sequence[tree_sitter.Node]) -> Part:
    end_node = node
    while (after := end_node.next_sibling) is not None and after.type == ";":
        end_node = after
    found = next(
        (one for inner in (node, *kinds.decorated_by(node)) if (one := definition_of(parsed, inner)) is not None), None
    )
    at = parsed.offset_at
    role, name = Role.OTHER, ""
    if is_import(node, parsed):
        role = Role.IMPORT
    elif found is not None:
        role, name = Role.DEFINITION, last_name(found.name)
    else:
        inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count == 1 else node
        if inner.type in _VALUES or inner.type in kinds.CLASSES:
            role, name = Role.VALUE, _value_name(inner, parsed)
    start = at((above[0] if above else node).start_byte)
    begin = line_start(parsed.text, start)
    start = start if parsed.text[begin:start].strip() else begin
    return Part(role, name, start, at(end_node.end_byte), node, found, at(node.start_byte))


def _value_name(node: tree_sitter.Node, parsed: Parsed) -> str:
    """The first name that ``node`` gives something."""
    for field in ("name", "left", "declarator", "pattern"):
        inner = node.child_by_field_name(field)
        if inner is not None:
            return _value_name(inner, parsed)
    if not node.named_children or node.type.endswith(("identifier", "name")):
        text = parsed.data[node.start_byte : node.end_byte].decode(errors="replace")
        found = _NAME.search(text)
        return found[0] if found else ""
    named = [child for child in node.named_children if child.type.endswith(("declarator", "spec", "list"))]
    return _value_name((named or node.named_children)[0], parsed)
