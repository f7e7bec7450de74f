"""Comments that stand on lines of their own: the block at a place, the one above it, and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fimble.features.actions.layout import line_end, line_start
from fimble.syntax.parsed import Parsed

_MARKS = re.compile(r"^[ \t]*(?:#+|//+[/!]?|--+|/\*\*?|\*+/?|<!--|;+)?[ \t]?|[ \t]*(?:\*/|-->)[ \t]*$", re.MULTILINE)
_DIRECTIVE = re.compile(
    r"//go:|//\s*\+build|(?:#|//|/\*+|--)[!\s]*(?:-\*-|eslint|prettier-ignore|@ts-|noqa|type:|pylint|ruff|mypy|shellcheck"
    r"|rubocop|NOLINT|nolint|clang-format|istanbul|c8 |swiftlint|ktlint|phpcs|phpstan|region|endregion|TODO|FIXME|HACK)"
)
_TOP = re.compile(
    r"#!|(?:#|//|/\*+|--)[*!\s]*(?:-\*-|vim:|(?:en)?coding[:=]|frozen_string_literal|.*(?:copyright|SPDX|\blicen[sc]e))",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def comment_at(parsed: Parsed, offset: int) -> tuple[int, int] | None:
    """Start and end of the block of comment lines at ``offset``, in code points; nothing else stands on them."""
    text = parsed.text
    begin = line_start(text, min(max(offset - parsed.start, 0), len(text)))
    span = _alone_on(parsed, begin)
    if span is None:
        return None
    start, end = span
    above = comment_above(parsed, parsed.start + start)
    while (found := _alone_on(parsed, _next_line(text, end))) is not None and found[1] > end:
        end = found[1]
    return parsed.start + start if above is None else above, parsed.start + end


def comments_above(parsed: Parsed, offset: int) -> Iterator[tuple[int, int]]:
    """Start and end, in code points, of the comments that stand alone on the lines above ``offset``, upwards."""
    begin = line_start(parsed.text, offset - parsed.start)
    while begin > 0:
        span = _alone_on(parsed, line_start(parsed.text, begin - 1))
        if span is None:
            break
        yield parsed.start + span[0], parsed.start + span[1]
        begin = line_start(parsed.text, span[0])


def comment_above(parsed: Parsed, offset: int) -> int | None:
    """Where the comments begin that end on the line above ``offset`` and stand alone there; a code point."""
    found = [start for start, _ in comments_above(parsed, offset)]
    return found[-1] if found else None


def documentation_above(parsed: Parsed, offset: int) -> tuple[int, int]:
    """What documents the definition at ``offset``, from its first comment to what follows; nothing wide without any.

    Comments that tell a tool something stay, and documentation stands above them.
    """
    text, end = parsed.text, offset
    spans = [
        (start, stop, text[start - parsed.start : stop - parsed.start])
        for start, stop in comments_above(parsed, offset)
    ]
    while spans and _DIRECTIVE.match(spans[0][2]) and not _TOP.match(spans[0][2]):
        end = spans.pop(0)[0]
    start = end
    for number, (begin, _, said) in enumerate(spans):
        if _DIRECTIVE.match(said) or _TOP.match(said) or (number and said.startswith("/*")):
            break
        start = begin
        if said.startswith("/*"):
            break
    return start, end


def instruction_in(comment: str) -> str:
    """What a comment says, without its marks; lines are joined."""
    lines = (_MARKS.sub("", line).strip() for line in comment.replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def says_the_same(one: str, other: str) -> bool:
    """Whether the words of ``one`` all stand in ``other``, in their order."""
    words, others = _words(one), _words(other)
    return f" {words} " in f" {others} "


def _words(comment: str) -> str:
    return " ".join(_WORD.findall(instruction_in(comment).lower()))


def _next_line(text: str, offset: int) -> int:
    following = text.find("\n", offset)
    return len(text) if following == -1 else following + 1


def _alone_on(parsed: Parsed, begin: int) -> tuple[int, int] | None:
    """The comment on the line that begins at ``begin``, if nothing else stands on its lines; indices of the text.

    Comments that lie side by side on one line count as the last of them.
    """
    text = parsed.text
    stop = text.find("\n", begin)
    content = text[begin : len(text) if stop == -1 else stop].rstrip()
    if not content.strip():
        return None
    byte = parsed.byte_at(parsed.start + begin + len(content))
    node = parsed.tree.root_node.descendant_for_byte_range(max(0, byte - 1), byte)
    outermost = None
    while node is not None:
        outermost = node if node.type in parsed.language.comments else outermost
        node = node.parent
    if outermost is None:
        return None
    start, end = (parsed.offset_at(at) - parsed.start for at in (outermost.start_byte, outermost.end_byte))
    end = start + len(text[start:end].rstrip("\r\n"))
    own = line_start(text, start)
    behind = text[end : line_end(text, end)]
    return None if text[own:start].strip() or behind.strip() else (start, end)
