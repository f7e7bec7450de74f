"""Whether a suggestion would break a file: a plain parse before and after, which knows nothing of fimble's filters."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

_GRAMMARS = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "javascriptreact": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "typescriptreact": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "shellscript": ("tree_sitter_bash", "language"),
    "html": ("tree_sitter_html", "language"),
    "css": ("tree_sitter_css", "language"),
    "json": ("tree_sitter_json", "language"),
    "yaml": ("tree_sitter_yaml", "language"),
    "toml": ("tree_sitter_toml", "language"),
    "sql": ("tree_sitter_sql", "language"),
    "lua": ("tree_sitter_lua", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "swift": ("tree_sitter_swift", "language"),
}
"""Language id -> the wheel's module and its function."""


def breaks(language: str, text: str, cursor: int, suggestion: str) -> bool:
    """Whether ``suggestion`` at ``cursor`` adds an ERROR or MISSING node that the file did not have.

    False for a language without a grammar.
    """
    parser = _parser(language)
    if parser is None:
        return False
    after = text[:cursor] + suggestion + text[cursor:]
    return _num_faults(parser.parse(after.encode())) > _num_faults(parser.parse(text.encode()))


@cache
def _parser(language: str) -> Any:
    if language not in _GRAMMARS:
        return None
    from tree_sitter import Language, Parser

    module, function = _GRAMMARS[language]
    return Parser(Language(getattr(importlib.import_module(module), function)()))


def _num_faults(tree: Any) -> int:
    """ERROR and MISSING nodes of a tree; only branches that hold some are walked."""
    num_faults, nodes = 0, [tree.root_node]
    while nodes:
        node = nodes.pop()
        num_faults += node.is_error or node.is_missing
        if node.has_error:
            nodes.extend(node.children)
    return num_faults
