"""What looks like a fix and is none: the code is gone, or nobody is told of the problem any more."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fimble.syntax.languages import Language

_IS_UNUSED = re.compile(
    r"unused|never (?:used|read|accessed)|not (?:used|accessed)|redundant|unnecessary|unreachable|duplicate|redefin"
    r"|declared (?:and|but)|未使用|多余|重复",
    re.IGNORECASE,
)
_SILENCED = re.compile(
    r"noqa|type:\s*ignore|pyright:|mypy:|pylint:|ruff:|eslint-disable|@ts-(?:ignore|nocheck|expect-error)|NOLINT|nolint"
    r"|#!?\[allow|@Suppress|\[SuppressMessage|pragma\b|rubocop:|shellcheck\s+disable|swiftlint:|phpcs:|@phpstan-ignore"
    r"|luacheck:|istanbul ignore"
)
_SWALLOWED = re.compile(
    r"except\b[^\n:]*:\s*(?:#[^\n]*\s*)?(?:pass\b|\.\.\.|continue\b)|\bsuppress\("
    r"|catch\s*(?:\([^)]*\))?\s*\{\s*(?://[^\n]*\s*)?\}"
    r"|rescue\b[^\n]*\n\s*(?:nil\s*\n\s*)?end\b|\brescue nil\b|(?:2>|&>)\s*/dev/null|\|\|\s*true\b"
    r"|if\s*\(?\s*(?:False|false|0)\s*[:){]"
)
_NOTHING = re.compile(r"(?:pass|\.\.\.|;|\{\s*\}|return;?|None|null;?)?")


_QUOTED = re.compile(r"[\"'`“‘]([^\"'`”’]+)[\"'`”’]")


def tells_of_too_much(problem: str) -> bool:
    """Whether a diagnostic says that there is something which is not needed: that is fixed by taking it out."""
    return _IS_UNUSED.search(problem) is not None


def names_in(problem: str) -> set[str]:
    """What a diagnostic names: what it quotes, else each of its words."""
    return set(_QUOTED.findall(problem)) or set(re.findall(r"[\w.]+", problem))


def hides(old: str, new: str) -> str:
    """How ``new`` keeps a problem from being told where ``old`` did not; empty where it does not."""
    for pattern, said in ((_SILENCED, "the problem is only silenced"), (_SWALLOWED, "the problem is only hidden")):
        if len(pattern.findall(new)) > len(pattern.findall(old)):
            return said
    return ""


def only_removes(old: Sequence[str], new: Sequence[str], problem: str, language: Language) -> str:
    """Whether lines of code give way to none, or to comments; where something is too much, that is right."""
    if tells_of_too_much(problem) or not _code(old, language) or _code(new, language):
        return ""
    return "the line is only deleted" if not "".join(new).strip() else "the line is only taken out of the code"


def _code(lines: Sequence[str], language: Language) -> list[str]:
    marks = tuple(mark for mark in (language.line_comment, "/*", "*/", "* ") if mark)
    found = (line.strip() for line in lines)
    return [line for line in found if not line.startswith(marks) and not _NOTHING.fullmatch(line)]
