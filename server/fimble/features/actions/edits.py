"""Edits as what they do to a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fimble.features.actions.action import Edit
from fimble.syntax.parsed import Parsed


def applied(parsed: Parsed, edits: Iterable[Edit]) -> str:
    """The parsed text with ``edits`` in it, none of which overlap."""
    text = parsed.text
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: edit.start - parsed.start] + edit.text + text[edit.end - parsed.start :]
    return text


def joined(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Those that touch as one, so that no client has to know which comes first; by place, else as they are given."""
    done: list[Edit] = []
    for edit in sorted(edits, key=lambda one: one.start):
        if done and done[-1].end == edit.start:
            last = done.pop()
            edit = Edit(last.start, edit.end, last.text + edit.text)
        done.append(edit)
    return tuple(done)


def with_line_breaks(edits: Sequence[Edit], line_break: str) -> tuple[Edit, ...]:
    """``edits``, whose lines end in a line feed, with the file's own line ends."""
    return tuple(Edit(one.start, one.end, one.text.replace("\n", line_break)) for one in edits)
