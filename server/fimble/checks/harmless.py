"""May Python that a model wrote be run to see what it does? Only what computes: it can reach nothing but its arguments.

Read from the syntax tree, by what is allowed and not by what is forbidden: a few modules of the standard library, no
built-in that loads, opens or looks names up, nothing that leads from a value to the interpreter behind it. The process
that runs it (``execution``) is limited besides.
"""

from __future__ import annotations

import ast

_MODULES = frozenset(
    [
        "abc",
        "bisect",
        "calendar",
        "cmath",
        "collections",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "heapq",
        "itertools",
        "math",
        "numbers",
        "operator",
        "random",
        "re",
        "statistics",
        "string",
        "textwrap",
        "typing",
        "unicodedata",
        "__future__",
    ]
)
_BUILTINS = frozenset(
    [
        "breakpoint",
        "compile",
        "delattr",
        "eval",
        "exec",
        "exit",
        "getattr",
        "globals",
        "help",
        "input",
        "locals",
        "memoryview",
        "object",
        "open",
        "quit",
        "setattr",
        "vars",
    ]
)
_FRAMES = frozenset(
    [
        "ag_code",
        "ag_frame",
        "cr_code",
        "cr_frame",
        "f_back",
        "f_builtins",
        "f_code",
        "f_globals",
        "f_locals",
        "gi_code",
        "gi_frame",
        "mro",
        "tb_frame",
        "attrgetter",
        "methodcaller",
        "format_map",
    ]
)


def is_harmless(tree: ast.AST) -> bool:
    """Whether nothing in ``tree`` can reach beyond the values it is given."""
    return all(_is_allowed(node) for node in ast.walk(tree))


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return all(name.name.partition(".")[0] in _MODULES for name in node.names)
    if isinstance(node, ast.ImportFrom):
        names = {name.name for name in node.names}
        return node.level == 0 and (node.module or "").partition(".")[0] in _MODULES and not names & _FRAMES
    if isinstance(node, ast.Name):
        return node.id not in _BUILTINS and (not _is_dunder(node.id) or node.id == "__name__")
    if isinstance(node, ast.Attribute):
        return node.attr not in _FRAMES and not _is_dunder(node.attr)
    return True


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
