"""Which names a piece of code uses, and how: what it calls, what it is derived from, what else it mentions.

Read off the names in a syntax tree and the characters around them, which say the same in most languages:
``name(`` is a call, ``before.name`` has a qualifier. A name that the code itself binds is no reference.
"""

from __future__ import annotations

import builtins
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from fimble.index.captures import Captures
from fimble.index.imports import Imports
from fimble.index.records import Reference, Use
from fimble.syntax import kinds
from fimble.syntax.parsed import Parsed

UNKNOWN = "?"
"""The qualifier of a name behind something else than a plain dotted name, as in ``get().name``."""
MAX_REFERENCES = 400
"""Of one chunk."""
_MAX_NAME_CHARS = 100
_WINDOW = 120
_CALL = re.compile(rb"(?:\?\.)?(?:[ \t]*(?:::)?<[\w\s,.&\[\]:?*']{0,80}>)?!?[ \t]*\(")
_BEHIND = re.compile(rb"(?:\.[?!]?|::|>-)\s*([\w$@]+(?:(?:\.[?!]?|::|>-)[\w$@]+)*)?(?=([^\w$@]?))")
"""What stands before a name that has a qualifier, read backwards."""
_LAST_OF_DOTS = (b".", b":", b">")
_DOTS = re.compile(rb"::|->|[?!]\.")
_NO_NAMES = frozenset({"self", "cls", "this", "super", "_", "Self", "undefined", "None", "console"})
_SCRIPT = kinds.named(
    "Object Array Promise Error JSON Math Map Set String Number Boolean Date RegExp Symbol require window Record"
)
_BUILTINS = {
    "python": frozenset(dir(builtins)) - kinds.named("copyright credits license exit quit"),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "go": kinds.named(
        """string int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr byte rune bool float32 float64
        error any nil true false iota make len cap append copy new panic recover delete close min max clear"""
    ),
    "java": kinds.named("String Object Integer Long Double Boolean List Map Set Override Exception System"),
    "rust": kinds.named(
        "String Vec Option Some None Ok Err Result Box str vec format println panic assert derive inline Debug Clone"
    ),
    "c": kinds.named("size_t NULL uint8_t uint16_t uint32_t uint64_t int32_t int64_t"),
    "cpp": kinds.named("size_t NULL std string vector uint8_t uint32_t uint64_t int32_t int64_t"),
}
"""Names that are part of the language, or might as well be."""


@dataclass(frozen=True, slots=True)
class Place:
    """The bytes of one chunk; chunks lie in each other or apart."""

    start: int
    end: int
    position: int
    is_scope: bool
    """Whether the names that it binds are its own and of what lies in it: a function, not a class."""


def references(
    parsed: Parsed, captures: Captures, places: Sequence[Place], own_names: Sequence[int],
    taken: Imports,
) -> list[tuple[Reference, ...]]:  # fmt: skip
    """What each place uses, in the order of ``places``, each use with the innermost place that holds it.

    ``own_names`` are the bytes at which the names of all definitions begin.
    """
    data = parsed.data
    bounds, owners, outer = _flat(places)
    known = {one.alias for one in taken.imports}
    ignored = _NO_NAMES | (_BUILTINS.get(parsed.language.name, frozenset()) - known)
    has_tags = parsed.language.name in ("javascript", "tsx")
    is_shell = parsed.language.name == "bash"
    bases = {node.start_byte for node in captures.bases}
    skipped = set(own_names)
    skipped.update(node.start_byte for node in captures.skipped)
    bound: list[set[str]] = [set() for _ in places]
    for node in captures.bound:
        start = node.start_byte
        skipped.add(start)
        owner = owners[bisect_right(bounds, start) - 1]
        if owner >= 0:
            bound[owner].add(data[start : node.end_byte].decode("utf-8", "replace"))
    local = [bound[position] | _of_outer(bound, outer, places, position) for position in range(len(places))]
    ends = sorted((node.start_byte, node.end_byte) for node in taken.nodes)
    uses: list[dict[tuple[str, str], Use]] = [{} for _ in places]
    for start, end in sorted((node.start_byte, node.end_byte) for node in captures.identifiers):
        owner = owners[bisect_right(bounds, start) - 1]
        if owner < 0 or start in skipped or len(uses[owner]) >= MAX_REFERENCES:
            continue
        if end - start > _MAX_NAME_CHARS or (ends and _is_within(ends, start)):
            continue
        name = data[start:end].decode("utf-8", "replace")
        qualifier, has_dot = _qualifier(data, start)
        if not has_dot and (name in ignored or name in local[owner]):
            continue
        if start in bases:
            use = Use.BASE
        elif is_shell or _CALL.match(data, end) or (_is_tag(data, start) and has_tags):
            use = Use.CALL
        else:
            use = Use.NAME
        key = name, qualifier
        if uses[owner].get(key, Use.NAME) is Use.NAME:
            uses[owner][key] = use
    return [tuple(Reference(name, use, qualifier) for (name, qualifier), use in one.items()) for one in uses]


def _is_tag(data: bytes, start: int) -> bool:
    """Whether a name stands in ``<Name``, as a component does that is drawn."""
    return (
        data[start - 1 : start] == b"<"
        and data[start : start + 1].isupper()
        and not data[start - 2 : start - 1].isalnum()
    )


def _qualifier(data: bytes, start: int) -> tuple[str, bool]:
    """The plain dotted name before the dot, if it is one, and whether there is a dot at all."""
    last = data[start - 1 : start]
    if last not in _LAST_OF_DOTS or not start:
        return "", False
    before = data[max(0, start - _WINDOW) : start][::-1]
    found = _BEHIND.match(before)
    if found is None:
        return "", False
    written, following = found[1], found[2]
    if written is None:
        return ("super" if before.startswith(b".)(repus") else UNKNOWN), True
    if (not following and len(before) == _WINDOW) or (following and following in b".)]}\"'>:`?!"):
        return UNKNOWN, True
    plain = _DOTS.sub(b".", written[::-1]).decode("utf-8", "replace")
    return (UNKNOWN if plain[:1].isdigit() else plain), True


def _flat(places: Sequence[Place]) -> tuple[list[int], list[int], list[int]]:
    """From which byte on which place is the innermost (-1 for none), and the place around each place."""
    bounds, owners = [0], [-1]
    outer = [-1] * len(places)
    open_places: list[Place] = []

    def close(until: int) -> None:
        while open_places and open_places[-1].end <= until:
            ended = open_places.pop()
            bounds.append(ended.end)
            owners.append(open_places[-1].position if open_places else -1)

    for place in sorted(places, key=lambda one: (one.start, -one.end)):
        close(place.start)
        outer[place.position] = open_places[-1].position if open_places else -1
        open_places.append(place)
        bounds.append(place.start)
        owners.append(place.position)
    close(1 << 62)
    return bounds, owners, outer


def _of_outer(bound: Sequence[set[str]], outer: Sequence[int], places: Sequence[Place], position: int) -> set[str]:
    """The names that the functions around a place bind."""
    names: set[str] = set()
    around = outer[position]
    while around >= 0:
        if places[around].is_scope:
            names |= bound[around]
        around = outer[around]
    return names


def _is_within(ranges: list[tuple[int, int]], byte: int) -> bool:
    index = bisect_right(ranges, (byte, 1 << 62)) - 1
    return index >= 0 and ranges[index][1] > byte
