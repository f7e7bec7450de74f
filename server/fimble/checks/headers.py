"""Headers that C and C++ lack, told by what their compilers complain of: they name many a header themselves."""

from __future__ import annotations

import re

from fimble.checks.libraries import HEADERS
from fimble.checks.tools import said_of

_MAX_ROUNDS = 3
"""With what is included, compilers see more."""
_TOLD = re.compile(
    r"note: '(?:std::)?(?P<name>\w+)[^'\n]*' is defined in header '<(?P<header>[\w./]+)>'"
    r"|note: include '<(?P<included>[\w./]+)>' or provide a declaration of '(?P<declared>\w+)'"
)
_UNKNOWN = re.compile(r"error: '(?:std::)?(\w+)' (?:is not a member of 'std'|was not declared in this scope)")


def missing_headers(text: str, language: str) -> tuple[tuple[str, str], ...]:
    """Names that nothing declares, each with the header that does; nothing where there is no compiler."""
    found: dict[str, str] = {}
    for _ in range(_MAX_ROUNDS):
        lines = "".join(f"#include <{header}>\n" for header in dict.fromkeys(found.values()))
        more = _told(said_of(lines + text, language), language)
        if not more.keys() - found.keys():
            break
        found = {**more, **found}
    return tuple(sorted(found.items()))


def _told(said: str, language: str) -> dict[str, str]:
    told = {match["name"] or match["declared"]: match["header"] or match["included"] for match in _TOLD.finditer(said)}
    if language == "cpp":
        for name in _UNKNOWN.findall(said):
            if name in HEADERS:
                told.setdefault(name, HEADERS[name])
    return told
