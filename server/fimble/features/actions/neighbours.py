"""What stands beside a function that is to be written, as far as its writer has to know it: short.

A short file is shown as it is down to the function. Of a longer one, imports, what the function's own text names, and
of its class the constructor and the other methods' signatures.
"""

from __future__ import annotations

import re
import textwrap

from fimble.features.actions.imports import is_import
from fimble.features.actions.layout import line_start
from fimble.syntax.outline import Definition, definitions
from fimble.syntax.parsed import Parsed

MAX_FILE_CHARS = 1_200
MAX_IMPORT_CHARS = 600
MAX_MEMBER_CHARS = 800
MAX_WHOLE_CHARS = 500
"""What is longer is shown by its signature."""
_CONSTRUCTORS = frozenset(["__init__", "constructor", "initialize", "new", "init"])
_NO_BRACES = frozenset(["ruby", "lua", "bash"])
_TYPES = frozenset(
    ["type_alias_declaration", "type_declaration", "type_item", "type_definition", "enum_specifier", "union_specifier"]
)
_WRAPPED = frozenset(["export_statement"])


def imports_of(parsed: Parsed) -> str:
    """The first import statements, each with its line break; no more than ``MAX_IMPORT_CHARS``."""
    text = ""
    for node in parsed.tree.root_node.children:
        if is_import(node, parsed):
            statement = parsed.data[node.start_byte : node.end_byte].decode(errors="replace").rstrip()
            if len(text) + len(statement) > MAX_IMPORT_CHARS:
                break
            text += statement + "\n"
    return text


def file_around(parsed: Parsed, begun: Definition, holder: Definition | None, comment: int | None = None) -> str:
    """What comes before ``begun`` and the class ``holder`` around it; ends with an empty line unless empty.

    ``comment`` is where one begins that is shown with ``begun``.
    """
    own_start = begun.start if comment is None else comment
    outermost = own_start if holder is None else holder.start
    above = parsed.text[: line_start(parsed.text, outermost - parsed.start)].strip("\n")
    if parsed.start == 0 and len(above) <= MAX_FILE_CHARS:
        return f"{above.rstrip()}\n\n" if above.strip() else ""
    parts = [imports_of(parsed).rstrip()]
    own = parsed.text[begun.start - parsed.start : begun.end - parsed.start]
    for one in _outer(parsed):
        is_named = re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", own) is not None
        if is_named and one not in (begun, holder) and sum(map(len, parts)) < MAX_FILE_CHARS:
            parts.append(_shown(parsed, one))
    said = "\n\n".join(part for part in parts if part)
    return f"{said}\n\n" if said else ""


def file_beside(parsed: Parsed, offset: int, said: str) -> str:
    """The types, classes and functions of the file, for code that is asked for at ``offset`` in the words of ``said``.

    What these name comes first, then types and classes; in the order of the file, no more than ``MAX_FILE_CHARS``.
    Nothing of what holds ``offset``, and nothing of a file that does not parse.
    """
    if parsed.tree.root_node.has_error:
        return ""
    shown = [(one, _shown(parsed, one)) for one in _outer(parsed) if not one.start <= offset <= one.end]
    parts = [(one.start, text, one.name.lower() in said.lower(), one.is_class) for one, text in shown if text]
    spans = [(one.start, one.end) for one, _ in shown]
    for start, end in _types(parsed):
        text = parsed.text[start - parsed.start : end - parsed.start]
        if len(text) <= MAX_WHOLE_CHARS and not any(begin <= start < stop for begin, stop in spans):
            is_named = any(word in said.lower().split() for word in text.lower().split()[1:2])
            parts.append((start, text, is_named, True))
    chosen: list[tuple[int, str]] = []
    for start, text, *_ in sorted(parts, key=lambda part: (not part[2], not part[3], part[0])):
        if sum(len(one) for _, one in chosen) + len(text) <= MAX_FILE_CHARS:
            chosen.append((start, text))
    return "\n\n".join(text for _, text in sorted(chosen))


def members_of(parsed: Parsed, holder: Definition, begun: Definition) -> str:
    """The other methods of ``holder``, at no indentation; ends with an empty line unless empty."""
    if holder.body is None or parsed.language.name in _NO_BRACES:
        return ""
    start, end = holder.body
    inner = [
        one
        for one in definitions(parsed)
        if not one.is_class and start <= one.start and one.end <= end and one not in (holder, begun)
    ]
    direct = [one for one in inner if not any(o.start < one.start and one.end <= o.end for o in inner if o != one)]
    text = ""
    for one in sorted(direct, key=lambda one: one.name not in _CONSTRUCTORS):
        part = _shown(parsed, one) if one.name in _CONSTRUCTORS else _signature(parsed, one)
        if part and len(text) + len(part) <= MAX_MEMBER_CHARS:
            text += f"{part}\n\n"
    return text


def _outer(parsed: Parsed) -> list[Definition]:
    """Functions and classes that no other one holds."""
    found: list[Definition] = []
    for one in definitions(parsed):
        if not found or one.start >= found[-1].end:
            found.append(one)
    return found


def _types(parsed: Parsed) -> list[tuple[int, int]]:
    """Where types are declared that are no definitions: they have no methods."""
    nodes = parsed.tree.root_node.named_children
    inner = [child for node in nodes for child in (node, *(node.named_children if node.type in _WRAPPED else ()))]
    found = [node for node in inner if node.type in _TYPES]
    return [(parsed.offset_at(node.start_byte), parsed.offset_at(node.end_byte)) for node in found]


def _shown(parsed: Parsed, one: Definition) -> str:
    """All of it where it is short, else its signature."""
    if one.end - one.start <= MAX_WHOLE_CHARS:
        start = one.start - parsed.start
        return textwrap.dedent(parsed.text[line_start(parsed.text, start) : one.end - parsed.start]).strip("\n")
    return _signature(parsed, one)


def _signature(parsed: Parsed, one: Definition) -> str:
    """Up to its body, in the form of a body that is left out."""
    if one.inside is None or parsed.language.name in _NO_BRACES:
        return ""
    start = one.start - parsed.start
    head = textwrap.dedent(parsed.text[line_start(parsed.text, start) : one.inside[0] - parsed.start]).strip()
    return f"{head} ..." if parsed.language.name == "python" else f"{head} /* ... */ }}"
