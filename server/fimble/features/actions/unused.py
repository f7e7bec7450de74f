"""Python names that are bound and never read: taken out without the model, where that changes nothing else.

An import goes, or its part of a list. Of a variable the whole statement goes only if working out its value does
nothing; else the value stays, and only its name goes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TypeAlias

from fimble.features.actions.action import Done, Edit, Offer, Page
from fimble.features.actions.edits import applied
from fimble.features.actions.hiding import names_in, tells_of_too_much
from fimble.features.actions.needed import said_of
from fimble.features.actions.placed import check_edits

_Import: TypeAlias = ast.Import | ast.ImportFrom
_HARMLESS = (
    ast.Constant, ast.Name, ast.Lambda, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.Starred,
    ast.expr_context, ast.unaryop, ast.operator, ast.BinOp, ast.arguments, ast.arg,
)  # fmt: skip
"""What a value is made of that may be left out. Of arithmetic only that of constants: names may stand for anything."""


def without_unused(offer: Offer, page: Page) -> Done | None:
    """The edit for a problem that says that a name is unused; ``None`` where that is not so, or not sure."""
    parsed = page.parsed
    if parsed.language.name != "python" or parsed.start or not tells_of_too_much(offer.argument):
        return None
    text = parsed.text
    before = said_of(text)
    if before is None or PurePosixPath(page.uri).name == "__init__.py":
        return None
    first, last = text.count("\n", 0, offer.start) + 1, text.count("\n", 0, offer.end) + 1
    names = names_in(offer.argument)
    tree = ast.parse(text)
    for message in before:
        name = str(message.message_args[0]) if message.message_args else ""
        if not names & {name, name.rpartition(" as ")[2], name.rpartition(".")[2], name.partition(" as ")[0]}:
            continue
        for edit in _edits(tree, text, type(message).__name__, message.lineno, name):
            if not first <= message.lineno <= last and not edit.start <= offer.start <= edit.end:
                continue
            after = said_of(applied(parsed, (edit,)))
            if after is not None and len(after) < len(before) and not check_edits(parsed, (edit,)):
                return Done((edit,))
    return None


def _edits(tree: ast.Module, text: str, kind: str, line: int, name: str) -> Iterator[Edit]:
    """What may be done about a message of pyflakes of that ``kind``."""
    for block in _blocks(tree):
        for statement in block:
            if statement.lineno != line:
                continue
            if isinstance(statement, _Import) and kind == "UnusedImport":
                yield from _without_import(statement, block, text, name)
            elif kind in ("UnusedVariable", "UnusedAnnotation"):
                yield from _without_variable(statement, block, text, name)
    for node in ast.walk(tree):
        if kind != "UnusedVariable" or not isinstance(node, ast.ExceptHandler):
            continue
        if (node.name, node.lineno) == (name, line) and node.type is not None:
            end = _at(text, node.type.end_lineno or 0, node.type.end_col_offset or 0)
            yield Edit(end, text.index(":", text.index(name, end)), "")


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Lists of statements; not those of ``try``, which often only try whether something is there."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and not isinstance(node, ast.Try):
                yield block


def _without_import(statement: _Import, block: list[ast.stmt], text: str, name: str) -> Iterator[Edit]:
    module = f"{'.' * statement.level}{statement.module or ''}" if isinstance(statement, ast.ImportFrom) else ""
    module += "." if module and not module.endswith(".") else ""
    bound = [_as_told(alias, module) for alias in statement.names]
    if name not in bound:
        return
    if len(bound) == 1:
        yield from _without(statement, block, text)
        return
    number = bound.index(name)
    alias = statement.names[number]
    start, end = _span(alias, text)
    if number + 1 < len(bound):
        end = _span(statement.names[number + 1], text)[0]
    else:
        start = _span(statement.names[number - 1], text)[1]
    if "#" not in text[start:end]:
        yield Edit(start, end, "")


def _as_told(alias: ast.alias, module: str) -> str:
    """As pyflakes names it."""
    whole = f"{module}{alias.name}"
    return f"{whole} as {alias.asname}" if alias.asname and alias.asname != alias.name else whole


def _without_variable(statement: ast.stmt, block: list[ast.stmt], text: str, name: str) -> Iterator[Edit]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign):
        target, value = statement.target, statement.value or ast.Constant(None)
    else:
        return
    if not isinstance(target, ast.Name) or target.id != name:
        return
    if _does_nothing(value):
        yield from _without(statement, block, text)
    elif statement.lineno == value.lineno:
        yield Edit(_span(statement, text)[0], _span(value, text)[0], "")


def _does_nothing(value: ast.expr) -> bool:
    parts = list(ast.walk(value)) if not isinstance(value, ast.Lambda) else []
    is_reckoned = any(isinstance(part, ast.BinOp | ast.UnaryOp | ast.Starred) for part in parts)
    has_names = any(isinstance(part, ast.Name) for part in parts)
    return all(isinstance(part, _HARMLESS) for part in parts) and not (is_reckoned and has_names)


def _without(statement: ast.stmt, block: list[ast.stmt], text: str) -> Iterator[Edit]:
    """Its lines go; where nothing else is in its block, ``pass`` stands in its place."""
    start, end = _span(statement, text)
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop == -1 else stop + 1
    is_alone = not text[begin:start].strip() and (not text[end:stop].strip() or text[end:stop].lstrip().startswith("#"))
    if not is_alone:
        return
    if len(block) == 1 and begin < start:
        yield Edit(start, end, "pass")
        return
    if begin == 0:
        rest = text[stop:]
        stop += len(rest) - len(rest.lstrip("\r\n"))
    yield Edit(begin, stop, "")


def _span(node: ast.expr | ast.stmt | ast.alias, text: str) -> tuple[int, int]:
    return _at(text, node.lineno, node.col_offset), _at(text, node.end_lineno or 0, node.end_col_offset or 0)


def _at(text: str, line: int, byte: int) -> int:
    """The code point at ``byte`` of the line with that number, from 1."""
    lines = text.split("\n")
    return sum(len(one) + 1 for one in lines[: line - 1]) + len(lines[line - 1].encode()[:byte].decode())
