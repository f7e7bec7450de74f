"""Members that generated code reads, of ``self`` or of an object, and its class does not have: a small model makes them
up."""

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
    if word is None or holder is None or not _is_known(parsed, holder):
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


def strange_uses(parsed: Parsed, holder: Definition | None, code: str) -> tuple[Finding, ...]:
    """Members that ``code`` uses of objects that it makes of the class ``holder``, which has none of that name."""
    if parsed.language.name not in _SELF or holder is None or not _is_known(parsed, holder):
        return ()
    made = rf"(?:new\s+)?{re.escape(holder.name)}\("
    objects = re.findall(rf"([\w.]+)\s*=\s*{made}", code)
    objects += re.findall(rf"\bdef (\w+)\([^)]*\)[^\n]*:\s*(?:return|yield)\s+{made}", code)
    places = [rf"(?<![\w.]){re.escape(name)}" for name in dict.fromkeys(objects)] + [rf"\b{made}[^()]*\)"]
    known = _ALWAYS | _names_in(parsed, holder)
    found: dict[str, Finding] = {}
    for use in re.finditer(rf"(?:{'|'.join(places)})\.(\w+)", code):
        if use[1] not in known and not use[1].startswith("__"):
            line = code.count("\n", 0, use.start()) + 1
            found.setdefault(use[1], Finding(Kind.NAME, line, f"{holder.name} has no member '{use[1]}'"))
    return tuple(found.values())


def _is_known(parsed: Parsed, holder: Definition) -> bool:
    """Whether all members of a class stand in it."""
    if holder.body is None:
        return False
    head = parsed.text[holder.start - parsed.start : holder.body[0] - parsed.start]
    return not (_INHERITS.search(head) or _DYNAMIC.search(parsed.text))


def _names_in(parsed: Parsed, holder: Definition) -> set[str]:
    """All names in a class, whatever they are."""
    start, end = parsed.byte_at(holder.start), parsed.byte_at(holder.end)
    found: set[str] = set()
    waiting = [parsed.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.end_byte <= start or node.start_byte >= end:
            continue
        waiting += node.children
        if node.type.endswith("identifier"):
            found.add(parsed.data[node.start_byte : node.end_byte].decode().lstrip("#"))
    return found
