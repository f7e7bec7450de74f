"""Import statements: which a text has, and where new ones go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fimble.features.actions.action import Edit
from fimble.features.actions.blocks import block_edit, block_of
from fimble.features.actions.layout import line_end
from fimble.syntax import kinds
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

_IMPORTS = kinds.named(
    """import_statement import_from_statement future_import_statement import_declaration use_declaration
    preproc_include using_directive using_declaration import_header import namespace_use_declaration"""
)
_BEFORE_IMPORTS = kinds.named(
    """package_clause package_declaration package_header php_tag hash_bang_line preproc_call namespace_definition
    file_scoped_namespace_declaration inner_attribute_item preproc_def"""
)
_REQUIRED = re.compile(
    r"""(?:require(?:_relative)?[ (]+['"]|(?:local|const|let|var)\s.*=\s*require\s*\(?\s*['"])[^\n]*;?$"""
)


def is_import(node: tree_sitter.Node, parsed: Parsed) -> bool:
    """Whether ``node`` is an import statement, or a call that is used like one."""
    if node.type in _IMPORTS:
        return True
    if parsed.language.name not in ("javascript", "typescript", "tsx", "ruby", "lua"):
        return False
    return _REQUIRED.fullmatch(_text(node, parsed).strip()) is not None


def imports_at_top(parsed: Parsed) -> list[tree_sitter.Node]:
    """The import statements that a text begins with."""
    return _head(parsed)[1]


def import_edit(parsed: Parsed, lines: Sequence[str], asked: int | None = None) -> Edit | None:
    """``lines`` behind the imports that a text begins with; ``None`` without any.

    ``asked`` is where a comment begins that asks for code: what a text begins with has ended there.
    """
    added = "\n".join(lines)
    if not added:
        return None
    text = parsed.text
    before, imports = _head(parsed, asked)
    if parsed.language.name == "go" and (edit := block_edit(parsed, imports, lines)) is not None:
        return edit
    if parsed.language.name == "go":
        added = block_of(lines)
    if not imports and before is None:
        gap = "\n\n\n" if parsed.language.name == "python" and _begins_with_definition(text, 0) else "\n\n"
        return Edit(parsed.start, parsed.start, added + (gap if text.strip() else "\n"))
    anchor = imports[-1] if imports else before
    assert anchor is not None
    end = line_end(text, len(text[: parsed.offset_at(anchor.end_byte) - parsed.start].rstrip("\r\n")))
    place = parsed.start + end
    if imports:
        return Edit(place, place, f"\n{added}")
    lead = "\n" if anchor.type in ("php_tag", "hash_bang_line") else "\n\n"
    is_apart = text.startswith(("\n\n", "\r\n\r"), end) or not text[end:].strip()
    return Edit(place, place, lead + added + ("" if is_apart else "\n"))


def _head(parsed: Parsed, asked: int | None = None) -> tuple[tree_sitter.Node | None, list[tree_sitter.Node]]:
    """What imports have to stand behind, and the imports that the text begins with."""
    before: tree_sitter.Node | None = None
    imports: list[tree_sitter.Node] = []
    nodes = parsed.tree.root_node.named_children
    if nodes and nodes[0].type in ("preproc_ifdef", "preproc_if"):
        nodes = nodes[0].named_children[1:]
    for number, node in enumerate(nodes):
        if node.type in parsed.language.comments:
            if asked is not None and parsed.offset_at(node.start_byte) >= asked:
                continue
            is_first = not number and (_text(node, parsed).startswith("#!") or "coding" in _text(node, parsed))
            before = node if is_first or (before in nodes[:number] and _is_apart(node, nodes, number)) else before
        elif is_import(node, parsed):
            imports.append(node)
        elif not imports and _is_before_imports(node):
            before = node
        else:
            break
    return before, imports


def _is_apart(node: tree_sitter.Node, nodes: Sequence[tree_sitter.Node], number: int) -> bool:
    return number + 1 == len(nodes) or nodes[number + 1].start_point[0] > node.end_point[0] + 1


def _is_before_imports(node: tree_sitter.Node) -> bool:
    """A package's name and the like; a module's docstring; a directive such as ``'use strict'``."""
    if node.type in _BEFORE_IMPORTS:
        return node.child_by_field_name("body") is None
    is_alone = node.type == "expression_statement" and node.named_child_count == 1
    return is_alone and node.named_children[0].type == "string"


def _begins_with_definition(text: str, offset: int) -> bool:
    return re.match(r"\s*(?:@|def |class |async def )", text[offset:]) is not None


def _text(node: tree_sitter.Node, parsed: Parsed) -> str:
    return parsed.data[node.start_byte : node.end_byte].decode(errors="replace")
