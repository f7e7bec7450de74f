"""Docstring to function: what a package's authors say of their functions, and the functions without it.

Every docstring of a function that stands on lines of its own is cut out of the sources before they are indexed; the
first sentences of some are the queries. Classes keep theirs. A package is a workspace of its own: a query is looked for
among all of its chunks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIN_LINES, MAX_LINES = 4, 150
MIN_WORDS, MAX_WORDS = 3, 40
_ROLE = re.compile(r":\w+:`~?([^`]*)`")
_SENTENCE = re.compile(r"(.{12,}?[.!?])(?:\s|$)")
_SAYS_LITTLE = re.compile(r"see|deprecated|todo|fixme|noqa|type:|internal|private|alias|same as|test", re.IGNORECASE)
_TESTS = frozenset(("test", "tests", "testing"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Pair:
    """A query, and where the function begins that it was taken from."""

    query: str
    path: str
    name: str
    """Qualified with the classes and functions around it."""


def strip(source: Path, folder: Path) -> list[Pair]:
    """Copy the Python files below ``source`` into ``folder`` without their functions' docstrings; the pairs.

    Tests and what cannot be parsed are left out; of docstrings that begin alike only the first is a query.
    """
    pairs: dict[str, Pair] = {}
    for file in sorted(source.rglob("*.py")):
        relative = file.relative_to(source)
        if any(part in _TESTS or part.startswith("test_") for part in relative.parts):
            continue
        try:
            text = file.read_text(encoding="utf-8")
            tree = ast.parse(text)
        except (OSError, SyntaxError, ValueError):
            continue
        lines = text.split("\n")
        for name, function in _functions(tree, ""):
            docstring = ast.get_docstring(function)
            if docstring is None:
                continue
            _cut(lines, function)
            query = first_sentence(docstring)
            length = (function.end_lineno or 0) - function.lineno
            if MIN_LINES <= length <= MAX_LINES and is_query(query):
                pairs.setdefault(query.lower(), Pair(query, relative.as_posix(), name))
        place = folder / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(lines), encoding="utf-8")
    return list(pairs.values())


def first_sentence(docstring: str) -> str:
    """Of the first paragraph, without marks."""
    paragraph = re.split(r"\n[ \t]*\n", docstring.strip(), maxsplit=1)[0]
    said = _ROLE.sub(r"\1", " ".join(paragraph.split())).replace("`", "")
    found = _SENTENCE.match(said)
    return (found[1] if found else said).strip(" .")


def is_query(sentence: str) -> bool:
    """Whether it says in plain English what something does."""
    num_words = len(re.findall(r"[A-Za-z]{2,}", sentence))
    return MIN_WORDS <= num_words <= MAX_WORDS and sentence.isascii() and not _SAYS_LITTLE.match(sentence)


def _functions(node: ast.AST, around: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{around}.{child.name}" if around else child.name
            if not isinstance(child, ast.ClassDef):
                yield name, child
            yield from _functions(child, name)
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _functions(child, around)


def _cut(lines: list[str], function: Function) -> None:
    """Blank its lines, so that all others keep their numbers; a body that was nothing else says ``...``."""
    first = function.body[0]
    start, end = first.lineno - 1, first.end_lineno or first.lineno
    is_alone = len(function.body) == 1 or function.body[1].lineno > end
    if start == function.lineno - 1 or lines[start].encode()[: first.col_offset].strip() or not is_alone:
        return
    for number in range(start, end):
        lines[number] = ""
    if len(function.body) == 1:
        lines[start] = " " * first.col_offset + "..."
