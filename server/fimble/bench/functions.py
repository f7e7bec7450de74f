"""Python functions to document, drawn from real files; their own docstrings are taken out, and kept apart."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from fimble.bench.corpus import SourceFile
from fimble.errors import DocumentError

BODY_LINES = (3, 40)
"""The docstring not counted."""
Node = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """One of a file's functions."""

    path: str
    name: str
    number: int
    """Its place among the file's functions, in the order they begin."""
    offset: int
    """Where its ``def`` stands in ``text``, in code points."""
    text: str
    """The file, without this function's docstring."""
    original: str
    """The docstring that it had, as ``inspect.cleandoc`` gives it; else empty."""
    parameters: tuple[str, ...]
    """Without the one that a method is called on."""
    called_on: str
    """That one, or the empty string."""
    gives_value: bool
    """Whether it yields, or returns something other than ``None``."""
    names: frozenset[str]
    """All names and attributes in its body."""


def draw(corpus: Sequence[SourceFile], limit: int, seed: int) -> list[Function]:
    """``limit`` functions drawn with ``seed``, 0 for all; fewer where there are no more. Raises ``DocumentError``.

    With 3 to 40 lines in their bodies; neither tests nor overloads.
    """
    found: list[tuple[SourceFile, int]] = []
    for file in corpus:
        if file.language == "python" and not _is_test_file(file.path):
            found += [(file, number) for number, node in enumerate(_functions(file.text)) if _fits(file.text, *node)]
    if not found:
        raise DocumentError("There is no Python function of 3 to 40 lines.", "Name another folder with --source.")
    chosen = random.Random(seed).sample(found, min(limit, len(found))) if limit else found
    return [_function(file, number) for file, number in chosen]


def docstring_of(text: str, number: int) -> str | None:
    """Of the file's function of that number; ``None`` where it has none, or the file cannot be read."""
    nodes = [node for node, _ in _functions(text)]
    return ast.get_docstring(nodes[number]) if number < len(nodes) else None


def _functions(text: str) -> list[tuple[Node, bool]]:
    """All functions by where they begin, each with whether it stands in a class."""

    def walk(node: ast.AST, is_method: bool) -> Iterator[tuple[Node, bool]]:
        if isinstance(node, Node):
            yield node, is_method
        is_class = isinstance(node, ast.ClassDef)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, is_class or (is_method and not isinstance(node, Node)))

    try:
        return sorted(walk(ast.parse(text), False), key=lambda pair: (pair[0].lineno, pair[0].col_offset))
    except (SyntaxError, ValueError, RecursionError):
        return []


def _fits(text: str, node: Node, is_method: bool) -> bool:
    statements = _statements(node)
    if not statements or node.name.startswith("test") or _is_overload(node):
        return False
    low, high = BODY_LINES
    last = statements[-1].end_lineno or 0
    if not low <= last - statements[0].lineno + 1 <= high:
        return False
    return len(statements) == len(node.body) or _stands_alone(text, node.body[0])


def _function(file: SourceFile, number: int) -> Function:
    node, is_method = _functions(file.text)[number]
    lines = file.text.split("\n")
    original = ast.get_docstring(node) or ""
    statements = _statements(node)
    if len(statements) < len(node.body):
        first, behind = node.body[0].lineno - 1, node.body[0].end_lineno or 0
        while not lines[behind].strip():
            behind += 1
        lines[first:behind] = []
    begin = sum(len(line) + 1 for line in lines[: node.lineno - 1])
    begin += len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    parameters = _parameters(node)
    is_static = any(isinstance(part, ast.Name) and part.id == "staticmethod" for part in node.decorator_list)
    called_on = parameters[0] if is_method and parameters and not is_static else ""
    return Function(
        file.path,
        node.name,
        number,
        begin,
        "\n".join(lines),
        original,
        tuple(parameters[1:] if called_on else parameters),
        called_on,
        any(map(_gives_value, _own(statements))),
        frozenset(_names(statements)),
    )


def _statements(node: Node) -> list[ast.stmt]:
    """The body without its docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _stands_alone(text: str, node: ast.stmt) -> bool:
    """Whether there is nothing else on the lines of ``node``."""
    lines = text.split("\n")
    before = lines[node.lineno - 1].encode()[: node.col_offset]
    after = lines[(node.end_lineno or 1) - 1].encode()[node.end_col_offset or 0 :]
    return not before.strip() and not after.strip()


def _is_overload(node: Node) -> bool:
    parts = [part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in node.decorator_list]
    return "overload" in parts


def _is_test_file(path: str) -> bool:
    place = PurePosixPath(path)
    return (
        place.name.startswith("test_") or place.stem.endswith("_test") or not {"test", "tests"}.isdisjoint(place.parts)
    )


def _parameters(node: Node) -> list[str]:
    given = node.args
    parts = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [part.arg for part in parts if part is not None]


def _own(statements: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below, those of functions and classes inside left out."""
    for node in statements:
        yield node
        if not isinstance(node, Node | ast.ClassDef | ast.Lambda):
            yield from _own(list(ast.iter_child_nodes(node)))


def _gives_value(node: ast.AST) -> bool:
    if isinstance(node, ast.Return):
        is_none = isinstance(node.value, ast.Constant) and node.value.value is None
        return node.value is not None and not is_none
    return isinstance(node, ast.Yield | ast.YieldFrom)


def _names(statements: Sequence[ast.AST]) -> Iterator[str]:
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
