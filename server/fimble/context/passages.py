"""A document cut into passages that can be compared with the text around a cursor.

Cuts fall where the text itself has a seam (an unindented line after a blank one), so that an
edit moves the cuts near it and leaves the rest, and what is known of them, as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fimble.privacy import looks_secret

MIN_LINES, MAX_LINES = 20, 60
MAX_LINE_CHARS = 400
"""A longer line is minified or data; it belongs to no passage."""

_WORD = re.compile(r"[^\W\d]\w{2,}")
_DECLARED = re.compile(
    r"""\b(?:def|class|function|fn|func|fun|struct|interface|type|enum|trait|module|const|let|var|val|record|object
        |protocol|namespace|macro|define)[ \t]+(?:\([^()\n]*\)[ \t]*)?([^\W\d]\w{2,})
    | ^([^\W\d]\w{2,})[ \t]*(?::[^=\n]+)?=(?![=~>])""",
    re.MULTILINE | re.VERBOSE,
)
_TYPED = re.compile(r"^[ \t]*[\w<>\[\],:*&. \t]+[ \t*&]([^\W\d]\w{2,})\([^;{}()\n]*\)[^;()\n]*\{[ \t]*$", re.MULTILINE)
"""A function in C and its relatives, known by its type in front and the brace behind."""
_COMMON = frozenset(
    _WORD.findall(
        """abstract and any args async auto await begin bool boolean break byte case catch char class const continue
    debug def default defer del delete do double elif else elsif end enum error except export extends extern false final
    finally float fn for foreach from func function global goto get if impl implements import in include init inline
    instanceof int interface internal is key kwargs lambda let list local long loop main match mod module move mut
    name namespace new nil none not null object operator or override package pass private protected public raise ref
    require return self set short signed sizeof static str string struct super switch template then this throw throws
    true try type typedef typeof undefined union unless unsigned until use using val value var virtual void volatile
    when where while with yield"""
    )
)
"""Words of so many programs that they tell nothing."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole lines of one document, with what is needed to rank them. Line ends are ``\\n``."""

    text: str
    words: frozenset[str]
    """Identifiers in it, without those that every program has."""
    declared: frozenset[str]
    """Those of them that it seems to define."""
    lines: frozenset[str]
    """Its lines that say something, without blanks around them."""


def cut(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Offsets and texts of the passages between two offsets, which are moved to line starts; blank ones left out."""
    at = text.find("\n", start - 1) + 1 if start > 0 else 0
    if start > 0 and at == 0:
        return
    body = text[at:end] if end >= len(text) else text[at : text.rfind("\n", at, end) + 1]
    group: list[str] = []
    group_start, was_blank = at, False
    for line in split(body):
        too_long = len(line) > MAX_LINE_CHARS
        is_seam = was_blank and not line[0].isspace() and line[0] not in ")]}"
        if group and (too_long or len(group) >= MAX_LINES or (is_seam and len(group) >= MIN_LINES)):
            yield from _given(group_start, group)
            group_start, group = at, []
        at += len(line)
        if too_long:
            group_start = at
        else:
            group.append(line)
        was_blank = not line.strip()
    yield from _given(group_start, group)


def split(text: str) -> list[str]:
    """Lines with their ends; only ``\\n`` ends one."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _given(start: int, group: list[str]) -> Iterator[tuple[int, str]]:
    text = "".join(group)
    if text.strip():
        yield start, text


def read(text: str) -> Passage | None:
    """What the lines hold, or ``None`` where they must not be shown: secrets, or text that is no Unicode."""
    if looks_secret(text):
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text if text.endswith("\n") else text + "\n"
    declared = {name for groups in _DECLARED.findall(text) for name in groups if name}
    if "{\n" in text:
        declared.update(_TYPED.findall(text))
    return Passage(text, words(text), frozenset(declared - _COMMON), told(text))


def words(text: str) -> frozenset[str]:
    """The identifiers in ``text``, without those that every program has."""
    return frozenset(_WORD.findall(text)) - _COMMON


def told(text: str) -> frozenset[str]:
    """Lines that say something: more than closers, blanks and one short word."""
    return frozenset(line for line in map(str.strip, text.split("\n")) if len(line) > 5 and any(map(str.isalpha, line)))
