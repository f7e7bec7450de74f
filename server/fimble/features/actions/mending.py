"""What a program of its own lacks or has too much, mended without the model: its imports."""

from __future__ import annotations

from collections.abc import Callable

from fimble.checks.imports import with_imports
from fimble.checks.lacking import lacking, names_read
from fimble.checks.libraries import LIBRARIES
from fimble.features.actions.blocks import without_unused
from fimble.features.actions.edits import applied
from fimble.features.actions.imports import import_edit, imports_at_top
from fimble.syntax.languages import Language
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import Parsed, parse

_BUDGET_MS = 1000.0


def mending(language: Language) -> Callable[[str], str]:
    """What mends a whole text in ``language``."""
    return with_imports if language.name == "python" else lambda code: _mended(code, language)


def _mended(code: str, language: Language) -> str:
    parsed = _parsed(code, language)
    if parsed is None:
        return code
    edit = import_edit(parsed, tuple(dict.fromkeys(one.statement for one in lacking(code, language))))
    if edit is not None:
        parsed = _parsed(applied(parsed, (edit,)), language) or parsed
    if language.name != "go" or parsed.tree.root_node.has_error:
        return parsed.text
    known = {statement.split('"')[1] for statement in LIBRARIES["go"].names.values()}
    return without_unused(parsed, imports_at_top(parsed), names_read(parsed).keys(), known)


def _parsed(code: str, language: Language) -> Parsed | None:
    return parse(language, code, encode(code), _BUDGET_MS)
