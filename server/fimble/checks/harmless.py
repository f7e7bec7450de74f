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
from typing import TypeGuard

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
        *("ForwardRef", "get_type_hints", "evaluate_forward_ref", "get_args", "Annotated", "make_dataclass"),
        *("singledispatch", "singledispatchmethod", "SystemRandom", "update_wrapper", "EnumMeta", "EnumType"),
        "global_enum",
    )
)
"""Attributes and names that lead from a value to what is behind it, take text for code, or make classes."""
_DUNDERS = frozenset(("__init__", "__name__", "__len__", "__eq__", "__lt__", "__repr__", "__str__", "__iter__"))
_METHODS = _DUNDERS | frozenset(
    f"__{name}__"
    for name in (
        *("abs", "add", "and", "bool", "call", "contains", "delitem", "enter", "exit", "float", "floordiv", "ge"),
        *("getitem", "gt", "hash", "iadd", "imul", "index", "int", "invert", "isub", "le", "lshift", "matmul", "mod"),
        *("mul", "ne", "neg", "next", "or", "pos", "post_init", "pow", "radd", "reversed", "rmul", "round", "rshift"),
        *("rsub", "rtruediv", "setitem", "sub", "truediv", "xor"),
    )
)
"""What a class may define of its own: none of them is asked for attributes, classes or copies."""


def is_harmless(tree: ast.AST) -> bool:
    """Whether nothing in ``tree`` can reach beyond the values it is given."""
    own = frozenset(_own_private(tree))
    fine = frozenset(map(id, _uses_of_makers(tree))) | frozenset(map(id, _docstrings(tree)))
    return all(id(node) in fine or _is_allowed(node, own) for node in ast.walk(tree))


def _is_allowed(node: ast.AST, own: frozenset[str]) -> bool:
    if isinstance(node, ast.Import):
        return all(_is_module(name.name) and not _is_private(name.asname or "", own) for name in node.names)
    if isinstance(node, ast.ImportFrom):
        names = {name.name for name in node.names}
        is_known = node.level == 0 and _is_module(node.module or "")
        is_plain = not any(name.asname and name.name in _MAKERS for name in node.names)
        return is_known and is_plain and not names & {"*"} and not any(map(_reaches, names))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return not _is_dunder(node.name) or node.name in _METHODS
    if isinstance(node, ast.ClassDef):
        return not _is_dunder(node.name)
    if isinstance(node, ast.keyword):
        return not _is_private(node.arg or "", own)
    if isinstance(node, ast.Name):
        return node.id not in _BUILTINS | _MAKERS and not _is_private(node.id, own)
    if isinstance(node, ast.Attribute):
        return node.attr not in _REACHING | _MAKERS | _of_modules() and not _is_private(node.attr, own)
    if isinstance(node, ast.MatchClass):
        return not any(_reaches(name) for name in node.kwd_attrs)
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, str) or "__" not in node.value
    return True


def _reaches(name: str) -> bool:
    return name in _REACHING | _of_modules() or _is_hidden(name)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


_MAKERS = frozenset(("type", "ABCMeta", "wraps"))
"""Harmless in their everyday use only: with more or other arguments they make classes, or copy what is hidden."""


def _uses_of_makers(tree: ast.AST) -> Iterator[ast.AST]:
    """``type(x) == …``, ``type(x).__name__``, ``metaclass=ABCMeta`` and ``@wraps(f)``."""
    for node in ast.walk(tree):
        used: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            used = [each.func for each in (node.left, *node.comparators) if _is_call_of(each, "type")]
        elif isinstance(node, ast.Attribute) and node.attr == "__name__" and _is_call_of(node.value, "type"):
            used = [node.value.func]
        elif isinstance(node, ast.ClassDef):
            used = [each.value for each in node.keywords if each.arg == "metaclass"]
        elif isinstance(node, ast.FunctionDef):
            used = [each.func for each in node.decorator_list if _is_call_of(each, "wraps")]
        yield from (each for each in used if _last_name(each) in _MAKERS)


def _is_call_of(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    """Whether ``node`` calls ``name`` with one plain argument."""
    if not isinstance(node, ast.Call) or _last_name(node.func) != name or node.keywords:
        return False
    return len(node.args) == 1 and not isinstance(node.args[0], ast.Starred)


def _last_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """Texts that stand alone: no code reads them (``__doc__`` is refused)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _is_module(name: str) -> bool:
    return name in ALLOWED or name == "collections.abc"


def _is_hidden(name: str) -> bool:
    return name.startswith("_")


def _is_private(name: str, own: frozenset[str]) -> bool:
    """Whether a name begins with an underscore and is not the code's own, or some module's as well."""
    return _is_hidden(name) and name != "_" and (name not in own or name in _of_modules())


@cache
def _of_modules() -> frozenset[str]:
    """What the allowed modules have and do not offer: other modules, and what they and their classes hide."""
    found: set[str] = set()
    for allowed in ALLOWED:
        for name, value in vars(import_module(allowed)).items():
            is_other = inspect.ismodule(value) and not _is_module(value.__name__)
            if is_other or (_is_hidden(name) and name not in _DUNDERS):
                found.add(name)
            if inspect.isclass(value):
                found.update(own for own in dir(value) if _is_hidden(own) and not _is_dunder(own))
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
        if not _is_dunder(name):
            yield name
