"""What of a text is code: the same before and after its documentation changes."""

from __future__ import annotations

import ast

from fimble.syntax.languages import find
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import parse

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_BUDGET_MS = 2000.0


def code_of(text: str, language: str) -> object:
    """What of ``text`` is code: its syntax tree without comments and docstrings, for comparing."""
    if language == "python":
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            pass
        else:
            for node in ast.walk(tree):
                if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
            return ast.dump(tree)
    known = find(language, "")
    parsed = known and parse(known, text, encode(text), _BUDGET_MS)
    if not parsed:
        return text
    leaves: list[bytes] = []
    waiting = [parsed.tree.root_node]
    while waiting:
        leaf = waiting.pop()
        if leaf.type in parsed.language.comments:
            continue
        if not leaf.children:
            leaves.append(parsed.data[leaf.start_byte : leaf.end_byte].strip())
        waiting += reversed(leaf.children)
    return leaves
