"""Do the arguments of Python calls fit what is called? Signatures come from jedi: the file's own, the standard
library's, and those of installed packages. A call is wrong only if it fits none of them."""

from __future__ import annotations

import ast
import time
from collections.abc import Sequence
from inspect import Parameter
from typing import Any

from fimble.checks.finding import Finding, Kind

MAX_CALLS = 60


def check_calls(text: str, tree: ast.Module, until_s: float) -> list[Finding]:
    """Calls with too many, too few or unknown arguments; ``until_s`` in the time of ``time.monotonic``."""
    import jedi

    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_plain(node)]
    script = jedi.Script(text)
    findings: list[Finding] = []
    for call in calls[:MAX_CALLS]:
        if time.monotonic() > until_s:
            break
        place = _inside(call, text)
        if place is None:
            continue
        try:
            signatures = script.get_signatures(*place)
        except Exception:  # noqa: BLE001 (jedi raises whatever it trips over; then nothing is known of the call)
            continue
        problems = [_misfit(call, signature.params) for signature in signatures]
        if problems and all(problems):
            findings.append(Finding(Kind.CALL, call.lineno, f"{signatures[0].name}() {problems[0]}"))
    return findings


def _is_plain(call: ast.Call) -> bool:
    """Whether all arguments stand there: no ``*`` and no ``**``."""
    return not any(isinstance(argument, ast.Starred) for argument in call.args) and all(
        keyword.arg is not None for keyword in call.keywords
    )


def _inside(call: ast.Call, text: str) -> tuple[int, int] | None:
    """Line (from 1) and column (code points) right behind the call's opening bracket."""
    lines = text.split("\n")
    end_line, end_byte = call.func.end_lineno, call.func.end_col_offset
    if end_line is None or end_byte is None:
        return None
    column = len(lines[end_line - 1].encode()[:end_byte].decode(errors="replace"))
    for number in range(end_line, len(lines) + 1):
        bracket = lines[number - 1].find("(", column)
        if bracket != -1:
            return number, bracket + 1
        column = 0
    return None


def _misfit(call: ast.Call, params: Sequence[Any]) -> str:
    """What is wrong with the arguments for ``params`` (jedi's); empty where nothing is."""
    positional = [
        param for param in params if param.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    ]
    kinds = {param.kind for param in params}
    if len(call.args) > len(positional) and Parameter.VAR_POSITIONAL not in kinds:
        return f"takes {len(positional)} positional arguments, not {len(call.args)}"
    by_keyword = {keyword.arg for keyword in call.keywords}
    known = {param.name for param in params if param.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)}
    unknown = sorted(name for name in by_keyword if name is not None and name not in known)
    if unknown and Parameter.VAR_KEYWORD not in kinds:
        return f"has no argument {unknown[0]!r}"
    needed = [param for param in positional[len(call.args) :] if not _has_default(param)]
    needed += [param for param in params if param.kind is Parameter.KEYWORD_ONLY and not _has_default(param)]
    missing = [param.name for param in needed if param.name not in by_keyword]
    return f"needs {missing[0]!r}" if missing else ""


def _has_default(param: Any) -> bool:
    """Of a parameter as jedi writes it: ``param x: int=1``."""
    return "=" in param.description
