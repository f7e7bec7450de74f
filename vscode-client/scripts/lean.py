"""Leaves out of Python sources what does not run: comments and docstrings, a fifth of the server's weight."""

from __future__ import annotations

import ast
import io
import tokenize


def lean(source: bytes, has_help: bool = False) -> bytes:
    """``source``, UTF-8, without comments and docstrings; every line keeps its number, for the log's tracebacks.

    ``has_help``: docstrings of public functions are read at run time.
    Raises ``ValueError`` where what is left would not run as before.
    """
    tree = ast.parse(source)
    lines = source.split(b"\n")
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            text = lines[row - 1].decode()
            lines[row - 1] = text[:column].rstrip().encode()
    for body in _bodies(tree, has_help):
        kept = [statement for statement in body if not _is_text(statement)]
        for statement in body:
            if statement not in kept:
                _blank(lines, statement, b"" if kept or statement is not body[0] else b"pass")
        if body:
            body[:] = kept or [ast.Pass()]
    left = b"\n".join(lines)
    if ast.dump(ast.parse(left)) != ast.dump(tree):
        raise ValueError("a docstring shares a line with code")
    return left


def _bodies(tree: ast.Module, has_help: bool) -> list[list[ast.stmt]]:
    """The bodies in which a text that stands alone documents something, and nothing else."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [node.body for node in found if not (has_help and _is_public_function(node))]


def _is_public_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _blank(lines: list[bytes], statement: ast.stmt, instead: bytes) -> None:
    """Put ``instead`` where ``statement`` begins, and nothing on its other lines."""
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
    indent = lines[first][: statement.col_offset]
    lines[first : last + 1] = [indent + instead if instead else b""] + [b""] * (last - first)
