"""What of a text is code: the same before and after its documentation changes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from fimble.syntax.languages import find
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import parse

if TYPE_CHECKING:
    import tree_sitter

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_BUDGET_MS = 2000.0


def is_same_code(one: str, other: str, language: str) -> bool:
    """Whether two texts differ in comments and docstrings only; in broken Python, by its words."""
    first, second = code_of(one, language), code_of(other, language)
    if isinstance(first, str) != isinstance(second, str):
        first, second = _words_of(one, language), _words_of(other, language)
    return first == second


def code_of(text: str, language: str) -> object:
    """What of ``text`` is code: its syntax tree without comments and docstrings, for comparing."""
    if language == "python":
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
        else:
            for node in ast.walk(tree):
                if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
            return ast.dump(tree)
    return _words_of(text, language)


def _words_of(text: str, language: str) -> object:
    """The leaves of the syntax tree and, but for Python, how they are nested; all of the text where there is no tree.

    A comment may end a statement (``return /** … */`` and a line break in JavaScript): the same leaves, another tree.
    """
    known = find(language, "")
    parsed = known and parse(known, text, encode(text), _BUDGET_MS)
    if not parsed:
        return [text]
    is_python, comments = language == "python", parsed.language.comments
    words: list[object] = []
    waiting = [parsed.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.children:
            told = [
                child
                for child in node.children
                if child.type not in comments and not (is_python and _is_docstring(child))
            ]
            if not is_python:
                words.append((node.type, len(told)))
            waiting += reversed(told)
        elif word := parsed.data[node.start_byte : node.end_byte].strip():
            words.append(word)
    return words


def _is_docstring(node: tree_sitter.Node) -> bool:
    is_alone = node.type == "expression_statement" and node.named_child_count == 1
    return is_alone and node.named_children[0].type == "string"
