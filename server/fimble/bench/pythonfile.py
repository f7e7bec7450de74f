"""A Python file as the syntax tree tells it: which names it defines, binds and reads, and on which lines."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try, ast.Match, ast.If, ast.With, ast.AsyncWith)
_BUILTIN_ATTRIBUTES = frozenset(
    name for kind in vars(builtins).values() if isinstance(kind, type) for name in dir(kind)
)
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Use:
    """A name that is read."""

    name: str
    line: int
    """From 1."""


class PythonFile:
    """One file, read."""

    def __init__(self, path: str, text: str, own: frozenset[str]) -> None:
        """``own``: the project's top modules. Raises ``SyntaxError`` or ``ValueError``."""
        self.path, self.text, self.tree = path, text, ast.parse(text)
        self.lines = text.split("\n")
        defined = list(_defined(self.tree))
        self.defined = [(name, kind) for _, name, kind in defined]
        self.imports = [node for node in ast.walk(self.tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
        self.foreign = frozenset(_from_outside(self.imports, own))
        """Names that the file takes from outside of the project."""
        self.bound = Counter(name for name, _ in self.defined)
        self.bound.update(_bound(self.tree, {id(node) for node, _, _ in defined}, own))

    @cached_property
    def imported(self) -> frozenset[str]:
        return frozenset(alias.name for node in self.imports for alias in node.names)

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word stands in it, imports apart."""
        hidden = {line for node in self.imports for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
        return Counter(
            word for number, line in enumerate(self.lines, 1) if number not in hidden for word in _WORD.findall(line)
        )

    def uses(self) -> Iterator[Use]:
        """Every name read, and the line on which it stands; not inside strings or on lines of imports."""
        no_code = {line for node in self.imports for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
        whole = set(_whole_lines(self.tree))
        for node in ast.walk(self.tree):
            if not isinstance(node, (ast.JoinedStr, ast.Constant)):
                continue
            is_text = isinstance(node, ast.JoinedStr) or isinstance(node.value, str)
            if is_text and node.end_lineno != node.lineno:
                no_code |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                name, line = node.id, node.lineno
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                name, line = node.attr, node.end_lineno or node.lineno
                if name in _BUILTIN_ATTRIBUTES or (isinstance(node.value, ast.Name) and node.value.id in self.foreign):
                    continue
            else:
                continue
            if line in whole and line not in no_code:
                yield Use(name, line)


def line_count(line: str, name: str) -> int:
    """How often ``name`` stands in ``line`` as a word."""
    return _WORD.findall(line).count(name)


def _defined(tree: ast.Module) -> Iterator[tuple[ast.AST, str, str]]:
    """Node, name and kind of each function and constant of the module, each class, and what its body defines."""
    waiting: list[tuple[ast.Module | ast.ClassDef, str]] = [(tree, "function")]
    while waiting:
        holder, kind = waiting.pop()
        for node in _statements(holder.body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node, node.name, kind
            elif isinstance(node, ast.ClassDef):
                yield node, node.name, "class"
                waiting.append((node, "method"))
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in (part for target in targets for part in ast.walk(target)):
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                        yield name, name.id, "constant"


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of a module or class, also under ``if`` and ``try``."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def _whole_lines(tree: ast.Module) -> Iterator[int]:
    """Lines, from 1, that are one simple statement each, or the head of a block."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith)):
            heads = [part for name in ("test", "target", "iter", "items") for part in _parts(getattr(node, name, []))]
            ends = [end for part in heads for one in ast.walk(part) if (end := getattr(one, "end_lineno", None))]
            if max(ends, default=0) == node.lineno < node.body[0].lineno:
                yield node.lineno
        elif isinstance(node, ast.stmt) and not isinstance(node, _BLOCKS) and node.lineno == node.end_lineno:
            yield node.lineno


def _from_outside(imports: Sequence[ast.Import | ast.ImportFrom], own: frozenset[str]) -> Iterator[str]:
    for node in imports:
        if isinstance(node, ast.ImportFrom):
            if not node.level and (node.module or "").split(".")[0] not in own:
                yield from (alias.asname or alias.name for alias in node.names)
        else:
            tops = ((alias, alias.name.split(".")[0]) for alias in node.names)
            yield from (alias.asname or top for alias, top in tops if top not in own)


def _parts(value: ast.AST | Sequence[ast.AST]) -> Sequence[ast.AST]:
    return [value] if isinstance(value, ast.AST) else value


def _bound(tree: ast.Module, defined: Collection[int], own: frozenset[str]) -> Iterator[str]:
    """What is bound otherwise: parameters, variables, attributes, keywords, inner functions, imports from outside.

    ``defined``: ids of the nodes that ``_defined`` told of. ``own``: the project's top modules.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            is_own = isinstance(node, ast.ImportFrom) and (node.level or (module or "").split(".")[0] in own)
            yield from (alias.asname or alias.name for alias in node.names if alias.asname or not is_own)
        elif id(node) in defined:
            continue
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
