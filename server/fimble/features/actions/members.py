"""Members of ``self`` that generated code reads and nothing in the document defines: a small model makes them up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fimble.checks.finding import Finding, Kind
from fimble.features.actions.action import Edit
from fimble.syntax.outline import Definition
from fimble.syntax.parsed import Parsed

_SELF = {"python": "self", "javascript": "this", "typescript": "this", "tsx": "this"}
_INHERITS = re.compile(
    r"^class\s+\w+[^\n(]*\(\s*(?!object\s*\)|\))|\b(?:extends|implements)\b|^@(?!dataclass)", re.MULTILINE
)
_DYNAMIC = re.compile(r"__getattr|\bsetattr\(|__dict__|new Proxy\(|Object\.assign\(this")
_DEFINED = re.compile(
    r"\bdef\s+(\w+)|^\s*(?:(?:async|static|get|set|private|public)\s+)*#?(\w+)\s*\([^)]*\)[^\n;]*\{", re.MULTILINE
)
_ALWAYS = frozenset(["constructor", "toString", "valueOf", "hasOwnProperty"])


def strange_members(parsed: Parsed, holder: Definition | None, edits: Sequence[Edit]) -> tuple[Finding, ...]:
    """Those of the class ``holder``; nothing is known of a class that has another's members too."""
    word = _SELF.get(parsed.language.name)
    if word is None or holder is None or holder.body is None:
        return ()
    head = parsed.text[holder.start - parsed.start : holder.body[0] - parsed.start]
    if _INHERITS.search(head) or _DYNAMIC.search(parsed.text):
        return ()
    placed = "\n".join(edit.text for edit in edits)
    known = _ALWAYS | set(re.findall(rf"\b{word}\.#?(\w+)\s*(?::[^=\n]+)?=(?!=)", placed))
    known |= {name for pair in _DEFINED.findall(placed) for name in pair} | set(re.findall(r"\w+", parsed.text))
    used = dict.fromkeys(re.findall(rf"\b{word}\.#?(\w+)", placed))
    line = parsed.text.count("\n", 0, edits[-1].start - parsed.start) + 1
    return tuple(
        Finding(Kind.NAME, line, f"undefined name '{word}.{name}'")
        for name in used
        if name not in known and not name.startswith("__")
    )
