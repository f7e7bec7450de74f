"""Does a text parse? Asked of tree-sitter, in every language of ``fimble.syntax``."""

from __future__ import annotations

from fimble.checks.finding import Finding, Kind
from fimble.syntax.languages import Language
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import parse

BUDGET_MS = 2000.0


def check_syntax(text: str, language: Language) -> tuple[Finding, ...]:
    """The first place of each ERROR or MISSING node; nothing where there is no grammar, or no time."""
    data = encode(text)
    parsed = parse(language, text, data, BUDGET_MS)
    if parsed is None:
        return ()
    lines = sorted({data.count(b"\n", 0, fault.start) + 1 for fault in parsed.faults})
    return tuple(Finding(Kind.SYNTAX, line, f"this is no {language.name}") for line in lines)
