"""A Python function against the examples in its own docstring: in its document, or by itself where that is not
harmless to run."""

from __future__ import annotations

import ast
import textwrap

from fimble.checks.examples import check_examples, examples_in
from fimble.checks.finding import Finding
from fimble.checks.harmless import is_harmless
from fimble.checks.imports import with_imports
from fimble.syntax.outline import Definition
from fimble.syntax.parsed import Parsed


def check_own_examples(parsed: Parsed, begun: Definition, document: str, code: str) -> tuple[Finding, ...]:
    """Which examples of ``begun`` do not hold in ``document``, where ``code`` has been put into its place.

    Nothing for methods, whose calls need an object, and for other languages.
    """
    if parsed.language.name != "python":
        return ()
    start = begun.start - parsed.start
    if parsed.text[parsed.text.rfind("\n", 0, start) + 1 : start]:
        return ()
    examples = examples_in(_docstring(parsed.text[start : begun.end - parsed.start]), begun.name)
    if not examples:
        return ()
    program = document if _can_run(document) else with_imports(code)
    return check_examples(program, begun.name, examples)


def _docstring(text: str) -> str:
    """Of the function that ``text`` is; all of the text where it cannot be parsed."""
    try:
        first = ast.parse(textwrap.dedent(text)).body[0]
    except (SyntaxError, ValueError, RecursionError, IndexError):
        return text
    return (ast.get_docstring(first) or "") if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef) else ""


def _can_run(text: str) -> bool:
    try:
        return is_harmless(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return False
