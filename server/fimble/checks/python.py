"""Python, without running it: does it compile, do its names exist (pyflakes), do its calls fit (jedi)?"""

from __future__ import annotations

import ast
import time
import warnings

from fimble.checks.calls import check_calls
from fimble.checks.finding import Finding, Kind

BUDGET_S = 2.0
"""For all checks of one text; calls that are left then are not looked at."""


def check_python(text: str) -> tuple[Finding, ...]:
    """What keeps ``text`` from running, as far as that can be known; by line."""
    until_s = time.monotonic() + BUDGET_S
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            compile(text, "text", "exec", dont_inherit=True)
    except SyntaxError as error:
        return (Finding(Kind.SYNTAX, error.lineno or 1, error.msg),)
    except (ValueError, RecursionError, MemoryError) as error:
        return (Finding(Kind.SYNTAX, 1, str(error) or type(error).__name__),)
    findings = [*_names(tree), *check_calls(text, tree, until_s)]
    return tuple(sorted(findings, key=lambda finding: finding.line))


def _names(tree: ast.Module) -> list[Finding]:
    """Names that exist nowhere, by pyflakes; its other messages are matters of taste here."""
    from pyflakes import checker, messages

    fatal = (messages.UndefinedName, messages.UndefinedLocal, messages.UndefinedExport)
    try:
        found = checker.Checker(tree).messages
    except RecursionError:
        return []
    return [
        Finding(Kind.NAME, message.lineno, message.message % message.message_args)
        for message in found
        if isinstance(message, fatal)
    ]
