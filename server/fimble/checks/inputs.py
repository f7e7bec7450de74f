"""Arguments to try a Python function with: by its annotations, and where it has none, by what it does with them.

Drawn with a fixed seed, so that the same function is always tried with the same ones. All of them can be written as
JSON, and so in any language.
"""

from __future__ import annotations

import ast
import random
from typing import Any

NUM_TRIES = 40
"""Some do not suit the function; those that make it raise are left out afterwards."""
MAX_PARAMETERS = 5

_INTS = (0, 1, 2, 3, 4, 5, 7, 10, 12, 25, 100, -1, -6)
_FLOATS = (0.5, 2.0, 3.75, -1.25, 10.0, 0.1)
_TEXTS = ("", "a", "abc", "Hello World", "level", "12 apples", "a (b) [c]", "aAbB cC", "10 3 7", "x,y,z", "zebra")
_TEXT_METHODS = frozenset(
    [
        "capitalize",
        "count",
        "endswith",
        "find",
        "isalpha",
        "isdigit",
        "islower",
        "isupper",
        "join",
        "lower",
        "replace",
        "split",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    ]
)
_OF_MANY = frozenset(
    ("all", "any", "enumerate", "len", "list", "max", "min", "reversed", "set", "sorted", "sum", "zip")
)


def inputs_for(function: ast.FunctionDef) -> list[list[Any]]:
    """Argument lists for ``function``; none where it cannot be told what it takes."""
    parameters = function.args
    if parameters.vararg or parameters.kwarg or parameters.kwonlyargs or len(parameters.args) > MAX_PARAMETERS:
        return []
    kinds = [_kind_of(each, function) for each in parameters.args]
    if not all(kinds):
        return []
    chooser = random.Random(7)
    return [[_value(kind, chooser) for kind in kinds] for _ in range(NUM_TRIES if kinds else 1)]


def _kind_of(parameter: ast.arg, function: ast.FunctionDef) -> str:
    """By its annotation, or by what is done with it; empty where neither says it."""
    if parameter.annotation is not None:
        return ast.unparse(parameter.annotation).replace("typing.", "").lower()
    is_many = is_number = False
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and _is(node.value, parameter) and node.attr in _TEXT_METHODS:
            return "str"
        if isinstance(node, ast.For | ast.comprehension) and _is(node.iter, parameter):
            is_many = True
        if isinstance(node, ast.Subscript) and _is(node.value, parameter):
            is_many = True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and any(_is(a, parameter) for a in node.args):
            is_many |= node.func.id in _OF_MANY
            is_number |= node.func.id == "range"
        if isinstance(node, ast.BinOp) and (_is(node.left, parameter) or _is(node.right, parameter)):
            is_number |= not isinstance(node.op, ast.Add) or _has_number(node)
        if isinstance(node, ast.Compare) and _is(node.left, parameter):
            is_number |= any(_is_number(each) for each in node.comparators)
    return "list[int]" if is_many else "int" if is_number else ""


def _is(node: ast.AST, parameter: ast.arg) -> bool:
    return isinstance(node, ast.Name) and node.id == parameter.arg


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _has_number(node: ast.BinOp) -> bool:
    return _is_number(node.left) or _is_number(node.right)


def _value(kind: str, chooser: random.Random) -> Any:
    """Something of ``kind``, an annotation in small letters."""
    head, _, inner = kind.partition("[")
    inner = inner.removesuffix("]")
    if head in ("list", "sequence", "iterable", "collection", "set"):
        return [_value(inner or "int", chooser) for _ in range(chooser.choice((0, 1, 2, 3, 5, 8)))]
    if head == "tuple":
        parts = [part.strip() for part in inner.split(",")] if inner else ["int", "int"]
        return [_value(part, chooser) for part in parts if part != "..."]
    if head in ("dict", "mapping"):
        _, _, value = inner.partition(",")
        return {key: _value(value.strip() or "int", chooser) for key in chooser.sample(("a", "b", "key", "x"), 2)}
    if head == "optional":
        return None if chooser.random() < 0.2 else _value(inner, chooser)
    if "|" in kind or head == "union":
        options = [part.strip() for part in (inner if head == "union" else kind).split("|" if "|" in kind else ",")]
        return _value(chooser.choice(options), chooser)
    if head == "bool":
        return chooser.random() < 0.5
    if head == "float":
        return chooser.choice(_FLOATS)
    if head == "str":
        return chooser.choice(_TEXTS)
    if head == "none":
        return None
    return chooser.choice(_INTS)
