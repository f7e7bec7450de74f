"""What the model is shown of a function: itself, the class it stands in, and what it has to know of the file."""

from __future__ import annotations

import re
import textwrap

from fimble.errors import ActionRefused
from fimble.features.actions.comments import comment_above
from fimble.features.actions.layout import TAB_WIDTH, line_start
from fimble.features.actions.neighbours import MAX_WHOLE_CHARS, file_around, members_of
from fimble.syntax.outline import Definition, enclosing
from fimble.syntax.parsed import Parsed

_NO_BRACES = frozenset(["python", "ruby", "lua"])
_TABS = re.compile(r"^[ \t]*\t", re.MULTILINE)
_COMMENT_MARKS = ("#", "//", "--", "/*", "*")


def class_around(parsed: Parsed, offset: int, inner: Definition | None = None) -> Definition | None:
    """The class that holds ``offset`` directly: no function lies between."""
    for found in enclosing(parsed, offset):
        if found == inner:
            continue
        return found if found.is_class else None
    return None


def definition_at(parsed: Parsed, start: int, end: int) -> Definition:
    """The definition from ``start`` to ``end``. Raises ``ActionRefused`` where there is none (any more)."""
    for found in enclosing(parsed, start):
        if (found.start, found.end) == (start, end):
            return found
    raise ActionRefused("What was selected is not there any more.", "Select it again.")


def header_of(parsed: Parsed, holder: Definition) -> str:
    """A class up to its body: its first lines, without decorators' arguments cut."""
    end = holder.body[0] if holder.body else holder.end
    head = parsed.text[holder.start - parsed.start : end - parsed.start]
    return textwrap.dedent(head).rstrip()


def own_text(parsed: Parsed, one: Definition, end: int | None = None) -> str:
    """``one``, up to ``end`` where that is given, at no indentation."""
    start = one.start - parsed.start
    stop = (one.end if end is None else end) - parsed.start
    return textwrap.dedent(parsed.text[line_start(parsed.text, start) : stop])


def in_its_class(parsed: Parsed, one: Definition, own: str, with_others: bool = False) -> str:
    """``own``, the text of ``one``, inside the class that holds it, which may be shown with its other methods."""
    holder = class_around(parsed, one.start, one)
    if holder is None:
        return own
    is_braced = parsed.language.name not in _NO_BRACES
    members = members_of(parsed, holder, one) if with_others else ""
    head = header_of(parsed, holder) + (" {" if is_braced else "")
    return f"{head}\n{textwrap.indent(_in_blanks(members + own), '    ')}"


def class_begun(parsed: Parsed, holder: Definition, comment: tuple[int, int]) -> str:
    """The class ``holder`` without the ``comment`` that stands in it; of a longer one its constructor, and its other
    methods' signatures."""
    begin, end = (offset - parsed.start for offset in comment)
    text = parsed.text
    whole = text[: line_start(text, begin)] + text[end:][len(text[end:]) - len(text[end:].lstrip("\r\n")) :]
    whole = whole[holder.start - parsed.start : holder.end - parsed.start - (len(text) - len(whole))]
    if len(whole) <= MAX_WHOLE_CHARS:
        return textwrap.dedent(
            text[line_start(text, holder.start - parsed.start) : holder.start - parsed.start] + whole
        )
    head = header_of(parsed, holder) + ("" if parsed.language.name in _NO_BRACES else " {")
    members = members_of(parsed, holder, holder).rstrip()
    return _closed(parsed, holder, f"{head}\n{textwrap.indent(_in_blanks(members), '    ')}" if members else head)


def _in_blanks(text: str) -> str:
    """``text`` without tabs at the beginning of its lines: below blanks they make Python that does not parse."""
    return _TABS.sub(lambda found: found[0].expandtabs(TAB_WIDTH), text)


def as_written(parsed: Parsed, one: Definition) -> str:
    """All of ``one``, in its class with the methods beside it, behind what it needs of the file."""
    holder = class_around(parsed, one.start, one)
    own = in_its_class(parsed, one, own_text(parsed, one), with_others=True)
    return file_around(parsed, one, holder) + _closed(parsed, holder, own)


def as_begun(parsed: Parsed, begun: Definition) -> str:
    """The same of a function that is to be written, with the comment above it and the methods beside it."""
    holder = class_around(parsed, begun.start, begun)
    above = comment_above(parsed, begun.start)
    comment = "" if above is None else textwrap.dedent(_lines_between(parsed, above, begun.start))
    own = comment + own_text(parsed, begun)
    inner = in_its_class(parsed, begun, own, with_others=True)
    return file_around(parsed, begun, holder, above) + _closed(parsed, holder, inner)


def opening_of(parsed: Parsed, begun: Definition) -> str:
    """How an answer that writes ``begun`` begins: its class, its signature, its docstring and the comments in it.

    Ends with a line break; empty where a body has no beginning of its own.
    """
    if begun.inside is None:
        return ""
    stop = begun.inside[0] if begun.docstring is None else begun.docstring[1]
    rest = parsed.text[stop - parsed.start : begun.inside[1] - parsed.start].split("\n")
    comments = [line for line in rest if line.strip().startswith(_COMMENT_MARKS)]
    own = own_text(parsed, begun, stop).rstrip()
    if comments:
        own += "\n" + textwrap.indent(textwrap.dedent("\n".join(comments)), "    ")
    return f"{in_its_class(parsed, begun, own)}\n"


def _closed(parsed: Parsed, holder: Definition | None, text: str) -> str:
    return text if holder is None or parsed.language.name in _NO_BRACES else f"{text}\n}}"


def _lines_between(parsed: Parsed, start: int, end: int) -> str:
    """Whole lines from the one that holds ``start`` to the one before ``end``."""
    text = parsed.text
    return text[line_start(text, start - parsed.start) : line_start(text, end - parsed.start)]
