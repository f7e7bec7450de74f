"""Arguments to try a Python function with: by its annotations, and where it has none, of several kinds.

Drawn with a fixed seed, so that the same function is always tried with the same ones. All of them can be written as
JSON, and so in any language.
"""

from __future__ import annotations

import ast
import random
from typing import Any

NUM_TRIES = 64
"""Some do not suit the function; those that make it raise are left out afterwards."""

_INTS = (0, 1, 2, 3, 4, 5, 7, 10, 12, 25, 100, -1, -6)
_FLOATS = (0.5, 2.0, 3.75, -1.25, 10.0, 0.1)
_TEXTS = ("", "a", "abc", "Hello World", "racecar", "12 apples", "(()())", "aAbB cC", "10 3 7", "x,y,z", "zebra")
_KINDS = ("int", "str", "list[int]", "list[str]", "float", "list[float]")
_BY_NAME = {
    "str": ["text", "string", "word", "sentence", "name", "line", "message", "char", "letter"],
    "int": [
        "n",
        "k",
        "x",
        "y",
        "m",
        "num",
        "number",
        "count",
        "index",
        "size",
        "limit",
        "width",
        "height",
        "year",
        "age",
    ],
    "list[int]": ["numbers", "nums", "values", "arr", "lst", "items", "array", "list", "data", "xs"],
    "list[str]": ["words", "strings", "names", "lines", "texts"],
}
_NAMED = {name: kind for kind, names in _BY_NAME.items() for name in names}


def inputs_for(function: ast.FunctionDef) -> list[list[Any]]:
    """Argument lists for ``function``, the likeliest kinds first; none where it takes more than can be guessed."""
    parameters = function.args
    if parameters.vararg or parameters.kwarg or parameters.kwonlyargs or len(parameters.args) > 5:
        return []
    chooser = random.Random(7)
    if not parameters.args:
        return [[]]
    tries: list[list[Any]] = []
    for number in range(NUM_TRIES):
        same = _KINDS[number // 3 % len(_KINDS)]
        guesses = [same if number % 3 == 1 else chooser.choice(_KINDS) for _ in parameters.args]
        tries.append(
            [
                _value(_kind_of(each, guess, trusts_name=number % 3 == 0), chooser)
                for each, guess in zip(parameters.args, guesses, strict=True)
            ]
        )
    return tries


def _kind_of(parameter: ast.arg, guess: str, trusts_name: bool) -> str:
    """By its annotation, or its name where that says it, or else the guess."""
    if parameter.annotation is not None:
        return ast.unparse(parameter.annotation).replace("typing.", "").lower()
    return _NAMED.get(parameter.arg.lower(), guess) if trusts_name else guess


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
