"""What the model is shown around a definition: the file's imports, and the classes it stands in. Short."""

from __future__ import annotations

import textwrap

from fimble.errors import ActionRefused
from fimble.features.actions.comments import comment_above
from fimble.features.actions.imports import is_import
from fimble.syntax.outline import Definition, enclosing
from fimble.syntax.parsed import Parsed

MAX_IMPORT_CHARS = 600


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


def class_around(parsed: Parsed, offset: int, inner: Definition | None = None) -> Definition | None:
    """The class that holds ``offset`` directly: no function lies between."""
    for found in enclosing(parsed, offset):
        if found == inner:
            continue
        return found if found.is_class else None
    return None


def header_of(parsed: Parsed, holder: Definition) -> str:
    """A class up to its body: its first lines, without decorators' arguments cut."""
    end = holder.body[0] if holder.body else holder.end
    head = parsed.text[holder.start - parsed.start : end - parsed.start]
    return textwrap.dedent(head).rstrip()


def as_begun(parsed: Parsed, begun: Definition, is_comment_shown: bool = False) -> str:
    """``begun`` as a text of its own: imports, the class around it, and itself as far as it is written."""
    holder = class_around(parsed, begun.start, begun)
    above = comment_above(parsed, begun.start) if is_comment_shown else None
    start = (begun.start if above is None else above) - parsed.start
    line_start = parsed.text.rfind("\n", 0, start) + 1
    own = textwrap.dedent(parsed.text[line_start : begun.end - parsed.start])
    if holder is not None:
        closing = "\n}" if parsed.language.name not in ("python", "ruby", "lua") and "{" in own else ""
        opening = header_of(parsed, holder) + (" {" if closing else "")
        own = f"{opening}\n{textwrap.indent(own, '    ')}{closing}"
    head = imports_of(parsed)
    return f"{head}\n{own}" if head else own


def definition_at(parsed: Parsed, start: int, end: int) -> Definition:
    """The definition from ``start`` to ``end``. Raises ``ActionRefused`` where there is none (any more)."""
    for found in enclosing(parsed, start):
        if (found.start, found.end) == (start, end):
            return found
    raise ActionRefused("What was selected is not there any more.", "Select it again.")
