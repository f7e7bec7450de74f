"""Which names matter at a cursor: those that are used near it, what they are made of, and what is being called.

Read from the text by patterns, within the definition around the cursor as the syntax tree or the
indentation gives it: the text is being typed and often broken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fimble.syntax.outline import enclosing
from fimble.syntax.trees import TREES
from fimble.text import Cursor

NEAR_LINES = 6
"""So many lines above the cursor, and half as many below, count as near."""
_AROUND_CHARS = 4000
"""How much is looked at where no definition is around the cursor."""
_HEAD_CHARS = 8000
"""Of a class around the cursor, at most this much above it is read for its attributes."""
_WORD = re.compile(r"[^\W\d]\w*")
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+[.\w]+[ \t]+)?import\b[^\n]*", re.MULTILINE)
_TYPE = r"[^\W\d][\w.]*"
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_MADE = re.compile(
    rf"(?<![\w.])((?:self\.|this\.)?[^\W\d]\w*)[ \t]*:?=[ \t]*(?:await[ \t]+|new[ \t]+)?({_DOTTED})[ \t]*\("
)
_AS = re.compile(rf"\bwith[ \t]+(?:await[ \t]+)?({_DOTTED})\([^\n]*?\)?[ \t]+as[ \t]+([^\W\d]\w*)")
_ANNOTATED = re.compile(
    rf"(?<![\w.])((?:self\.|this\.)?[^\W\d]\w*)\??[ \t]*:[ \t]*([\"']?{_TYPE}(?:[^=\n,(){{}};\[]|\[[^\]\n]*\])*)"
)
_TYPED = re.compile(r"(?<![\w.])([A-Z]\w*)(?:<[^\n;(){}]*>)?[ \t]+([a-z_]\w*)[ \t]*[=;,)]")
"""``Client client`` as in Java and its relatives."""
_NARROWED = re.compile(rf"\bisinstance\([ \t]*((?:self\.)?[^\W\d]\w*)[ \t]*,[ \t]*\(?[ \t]*({_DOTTED})")
_LOOPED = re.compile(rf"\bfor[ \t]+(?:[^\W\d]\w*[ \t]*,[ \t]*)?([^\W\d]\w*)[ \t]+in[ \t]+(?:[a-z]+\()?({_DOTTED})")
"""What is walked through, ``.values()`` and ``enumerate`` apart: the annotation of it says what its elements are."""
_TAKEN = re.compile(r"(?<![\w.])((?:self|this)\.[^\W\d]\w*)[ \t]*=[ \t]*([^\W\d]\w*)[ \t]*;?[ \t]*$", re.MULTILINE)
"""An attribute that takes what a parameter holds."""
_WRAPPERS = frozenset(
    re.findall(
        r"\w+",
        """Optional Union List list Sequence Iterable Iterator Dict dict Mapping Set set Type type Annotated Awaitable
        AsyncIterator Final ClassVar tuple Tuple Callable None Any str int float bool bytes object readonly const""",
    )
)
_BASES = re.compile(r"\bclass[ \t]+\w+[^(\n:{]*(?:\(([^)]*)\)|[ \t]+(?:extends|implements|:)[ \t]+([^{\n]+))")


@dataclass(frozen=True, slots=True)
class ScopeNames:
    """What stands around a cursor, as names."""

    near: Mapping[str, float]
    """Names used in the definition around the cursor, 1 for those on near lines and less for others."""
    types: Mapping[str, str]
    """Variables, parameters and attributes (``self.x``): what they are made by or said to be, as it is written."""
    bases: tuple[str, ...]
    """What the class around the cursor is derived from, as it is written."""
    called: str
    """What stands before the bracket that is open at the cursor, ``client.upload``; or empty."""
    receiver: str
    """What stands before the dot at the cursor, ``client`` in ``client.up``; or empty."""


def scope_names(cursor: Cursor) -> ScopeNames:
    """Read at ``cursor``."""
    text = cursor.snapshot.text
    function, holder = _around(cursor)
    body = text[slice(*function)]
    lines = (
        text[function[0] : cursor.offset].split("\n")[-NEAR_LINES:]
        + text[cursor.offset : function[1]].split("\n")[: NEAR_LINES // 2]
    )
    near = dict.fromkeys(_WORD.findall(_IMPORT.sub("", body)), 0.5)
    near.update(dict.fromkeys(_WORD.findall(_IMPORT.sub("", "\n".join(lines))), 1.0))
    types: dict[str, str] = {}
    bases: tuple[str, ...] = ()
    if holder is not None:
        head = text[holder[0] : min(holder[1], holder[0] + _HEAD_CHARS)]
        types = {name: made for name, made in _types(head).items() if name.startswith(("self.", "this."))}
        types |= {f"self.{name}": said for name, said in _fields(head).items() if f"self.{name}" not in types}
        bases = bases_in(head)
    receiver = re.search(rf"({_DOTTED})\.\w*\Z", cursor.line_prefix)
    local = _types(body)
    types |= {name: types.get(made, made) for name, made in local.items()}
    return ScopeNames(near, types, bases, _called(text, cursor.offset), receiver[1] if receiver else "")


def bases_in(head: str) -> tuple[str, ...]:
    """What the first class in ``head`` is derived from."""
    found = _BASES.search(head)
    listed = (found[1] if found[1] is not None else found[2]) if found else ""
    parts = (part.strip().partition("[")[0] for part in re.sub(r"\[[^\[\]]*\]", "", listed).split(","))
    return tuple(part for part in parts if re.fullmatch(_DOTTED, part))


def type_name(written: str) -> str:
    """The class in an annotation or before a call's bracket: of ``Optional["api.Client[T]"]`` it is ``api.Client``."""
    for found in re.finditer(_DOTTED, written):
        if found[0].rpartition(".")[2] not in _WRAPPERS:
            return found[0]
    return ""


def _around(cursor: Cursor) -> tuple[tuple[int, int], tuple[int, int] | None]:
    """Offsets of the outermost function around the cursor, and of the class around that."""
    text, offset = cursor.snapshot.text, cursor.offset
    parsed = TREES.at(cursor)
    found = enclosing(parsed, offset) if parsed is not None else ()
    function = next((one for one in reversed(found) if not one.is_class), None)
    holder = next((one for one in found if one.is_class), None)
    if function is not None:
        place = (function.start, max(function.end, offset))
    elif holder is not None:
        place = (max(holder.start, offset - _AROUND_CHARS), offset)
    else:
        place = (text.rfind("\n", 0, max(0, offset - _AROUND_CHARS)) + 1, min(len(text), offset + _AROUND_CHARS // 4))
    return place, None if holder is None else (holder.start, holder.end)


def _types(text: str) -> dict[str, str]:
    """What each variable and attribute in ``text`` is said to be, or made by."""
    found = {name: type_ for type_, name in _TYPED.findall(text)} if ";" in text else {}
    found |= {name: made for made, name in _AS.findall(text)}
    found |= dict(_MADE.findall(text))
    found |= dict(_NARROWED.findall(text))
    found |= {name: said for name, annotation in _ANNOTATED.findall(text) if (said := type_name(annotation))}
    for element, walked in _LOOPED.findall(text):
        whole = re.sub(r"\.(?:values|items|copy)\Z", "", walked)
        found.setdefault(element, found.get(whole, whole))
    for attribute, parameter in _TAKEN.findall(text):
        if parameter in found:
            found.setdefault(attribute, found[parameter])
    return found


def _fields(text: str) -> dict[str, str]:
    """What a class's body says its fields are."""
    pattern = re.compile(
        rf"^[ \t]+(?:readonly[ \t]+|private[ \t]+|public[ \t]+)*([^\W\d]\w*)\??[ \t]*:[ \t]*([\"']?{_TYPE}[^=\n]*)",
        re.M,
    )
    return {name: said for name, annotation in pattern.findall(text) if (said := type_name(annotation))}


def _called(text: str, offset: int) -> str:
    """What the innermost bracket that is open at ``offset`` calls, looking back over a few lines."""
    depth, at, low = 0, offset - 1, max(0, offset - 1200)
    while at >= low:
        char = text[at]
        if char in ")]}":
            depth += 1
        elif char in "([{":
            if depth == 0 and char == "(":
                found = re.search(rf"({_DOTTED})[ \t]*\Z", text[max(0, at - 120) : at])
                if found and found[1] not in (
                    "if",
                    "while",
                    "for",
                    "switch",
                    "return",
                    "print",
                    "and",
                    "or",
                    "not",
                    "in",
                ):
                    return (
                        ""
                        if re.search(
                            r"\b(?:def|class|function|func|fn)[ \t]+\Z", text[max(0, at - 160) : at - len(found[0])]
                        )
                        else found[1]
                    )
                depth = 0
            elif depth:
                depth -= 1
        at -= 1
    return ""
