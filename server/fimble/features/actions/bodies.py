"""A generated definition put into the place of one that is still to be written.

What the person wrote stays as it is: decorators, signature, docstring. Only the body is taken from the model,
wherever both have one.
"""

from __future__ import annotations

import ast
import textwrap

from fimble.features.actions.layout import indentation_at, is_indented, laid_out, step_of
from fimble.syntax.languages import Language
from fimble.syntax.offsets import encode
from fimble.syntax.outline import Definition, definitions
from fimble.syntax.parsed import Parsed, parse

_BUDGET_MS = 500.0


def written(code: str, language: Language, name: str) -> tuple[Parsed, Definition] | None:
    """The definition called ``name`` in generated ``code``; its only one, if it has another name; else ``None``."""
    parsed = parse(language, code, encode(code), _BUDGET_MS)
    if parsed is None:
        return None
    found = [definition for definition in definitions(parsed) if not definition.is_class]
    named = [definition for definition in found if definition.name == name]
    chosen = named or (found if len(found) == 1 else [])
    return (parsed, chosen[0]) if chosen else None


def with_body(parsed: Parsed, begun: Definition, code: str) -> str | None:
    """The definition ``begun`` with the body that ``code`` has for it; ``None`` where ``code`` has none."""
    found = written(code, parsed.language, begun.name)
    if found is None:
        return None
    answer, definition = found
    text = parsed.text
    begin = begun.start - parsed.start
    indentation, step = indentation_at(text, begin), step_of(text if is_indented(text) else code)
    if begun.body is None or definition.body is None:
        whole = answer.text[_line_start(answer.text, definition.start) : definition.end]
        return laid_out(whole, indentation, step)[len(indentation) :]
    head = text[begin : begun.body[0] - parsed.start]
    if parsed.language.name != "python":
        body = answer.text[_line_start(answer.text, definition.body[0]) : definition.body[1]]
        opened = len(answer.text[_line_start(answer.text, definition.body[0]) : definition.body[0]].lstrip())
        return head.rstrip() + " " + laid_out(body, indentation, step)[len(indentation) + opened :]
    docstring, _ = _split(_lines_of(text, begun.body[0] - parsed.start, begun.body[1] - parsed.start))
    _, body = _split(_lines_of(answer.text, *definition.body))
    deeper = indentation + step
    parts = [part for part in (docstring.strip(), laid_out(body, deeper, step).strip()) if part]
    return f"{head.rstrip()}\n{deeper}" + f"\n{deeper}".join(parts)


def _split(body: str) -> tuple[str, str]:
    """A Python body's docstring, and the rest of it."""
    try:
        tree = ast.parse(textwrap.dedent(body))
    except SyntaxError:
        return "", body
    first = tree.body[0] if tree.body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return "", body
    if not isinstance(first.value.value, str):
        return "", body
    lines = body.split("\n")
    return "\n".join(lines[: first.end_lineno]), "\n".join(lines[first.end_lineno :])


def _lines_of(text: str, start: int, end: int) -> str:
    """From ``start`` on, with the blanks before it if its line has nothing else before it."""
    line_start = _line_start(text, start)
    return text[start if text[line_start:start].strip() else line_start : end]


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1
