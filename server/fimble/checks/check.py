"""All checks of a text, and of a change to one."""

from __future__ import annotations

from fimble.checks.finding import Finding, new_ones
from fimble.checks.python import check_python
from fimble.checks.security import check_security
from fimble.checks.syntax import check_syntax
from fimble.checks.tools import check_with_tool
from fimble.syntax.languages import Language


def check(text: str, language: Language | None) -> tuple[Finding, ...]:
    """What is wrong with ``text``. A language without a grammar is taken as it is."""
    if language is None:
        return ()
    if language.name == "python":
        found = check_python(text)
        return found or check_security(text)
    return check_syntax(text, language) or check_with_tool(text, language.name)


def check_change(before: str, after: str, language: Language | None) -> tuple[Finding, ...]:
    """What is wrong with ``after`` and was not with ``before``."""
    found = check(after, language)
    return new_ones(found, check(before, language)) if found else ()
