"""May Python that a model wrote be run to see what it does? Only what computes: it can reach nothing but its arguments.

Read from the syntax tree, by what is allowed: a few modules of the standard library, and of them what they offer, not
what they use themselves (``random._os``); no built-in that loads, opens or looks names up; nothing that leads from a
value to the interpreter behind it. The process that runs it (``execution``) is limited besides.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module

ALLOWED = frozenset(
    (
        *("__future__", "abc", "bisect", "calendar", "cmath", "collections", "copy", "dataclasses", "datetime"),
        *("decimal", "enum", "fractions", "functools", "heapq", "itertools", "math", "numbers", "operator", "random"),
        *("re", "statistics", "string", "textwrap", "typing", "unicodedata"),
    )
)
_BUILTINS = frozenset(
    (
        *("breakpoint", "compile", "delattr", "eval", "exec", "exit", "getattr", "globals", "help", "input", "locals"),
        *("memoryview", "object", "open", "quit", "setattr", "vars"),
    )
)
_REACHING = frozenset(
    (
        *("ag_code", "ag_frame", "cr_code", "cr_frame", "f_back", "f_builtins", "f_code", "f_globals", "f_locals"),
        *("gi_code", "gi_frame", "mro", "tb_frame", "attrgetter", "methodcaller", "format_map", "Formatter"),
        *("ForwardRef", "get_type_hints", "evaluate_forward_ref", "make_dataclass", "singledispatch"),
        *("singledispatchmethod", "SystemRandom"),
    )
)
"""Attributes and names that lead from a value to what is behind it, or take text for code."""
_DUNDERS = frozenset(("__init__", "__name__", "__len__", "__eq__", "__lt__", "__repr__", "__str__", "__iter__"))


def is_harmless(tree: ast.AST) -> bool:
    """Whether nothing in ``tree`` can reach beyond the values it is given."""
    own = frozenset(_own_private(tree))
    return all(_is_allowed(node, own) for node in ast.walk(tree))


def _is_allowed(node: ast.AST, own: frozenset[str]) -> bool:
    if isinstance(node, ast.Import):
        return all(_is_module(name.name) and not _is_private(name.asname or "", own) for name in node.names)
    if isinstance(node, ast.ImportFrom):
        names = {name.name for name in node.names}
        is_known = node.level == 0 and _is_module(node.module or "")
        return (
            is_known and not names & (_REACHING | _of_modules() | {"*"}) and not any(n.startswith("_") for n in names)
        )
    if isinstance(node, ast.Name):
        return node.id not in _BUILTINS and not _is_private(node.id, own)
    if isinstance(node, ast.Attribute):
        return node.attr not in _REACHING | _of_modules() and not _is_private(node.attr, own)
    if isinstance(node, ast.MatchClass):
        return not {*node.kwd_attrs} & (_REACHING | _of_modules()) and not any(
            _is_private(name, own) for name in node.kwd_attrs
        )
    return True


def _is_module(name: str) -> bool:
    return name in ALLOWED or name == "collections.abc"


def _is_hidden(name: str) -> bool:
    return name.startswith("_")


def _is_private(name: str, own: frozenset[str]) -> bool:
    """Whether a name begins with an underscore and is not the code's own, or some module's as well."""
    return _is_hidden(name) and name != "_" and (name not in own or name in _of_modules())


@cache
def _of_modules() -> frozenset[str]:
    """What the allowed modules have and do not offer: other modules, and what they hide behind an underscore."""
    found: set[str] = set()
    for allowed in ALLOWED:
        for name, value in vars(import_module(allowed)).items():
            is_other = inspect.ismodule(value) and not _is_module(value.__name__)
            if is_other or (_is_hidden(name) and name not in _DUNDERS):
                found.add(name)
    return frozenset(found)


def _own_private(tree: ast.AST) -> Iterator[str]:
    """Names with an underscore that the code itself gives something; of those with two, only harmless ones."""
    yield from _DUNDERS
    for node in ast.walk(tree):
        name = ""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            is_of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            name = node.attr if is_of_self else ""
        if not (name.startswith("__") and name.endswith("__")):
            yield name
