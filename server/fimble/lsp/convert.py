"""The only place where LSP's positions, ranges and items meet ours.

LSP counts a column in the code units that both sides agreed on (utf-8, utf-16 or
utf-32); we count code points. Converting never changes its argument and never
fails: a column past the end of its line means the end of the line, as the protocol
says, and one inside a character means the place before that character.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from fimble.lsp.greeting import ACCEPTED
from fimble.lsp.places import Place as Place
from fimble.lsp.places import column_of as column_of
from fimble.lsp.places import line_length as line_length
from fimble.lsp.places import place_at, units_of
from fimble.lsp.places import sane_text as sane_text
from fimble.lsp.places import split_lines as split_lines
from fimble.text import Outcome


def place_of(lines: Sequence[str], position: types.Position, encoding: str) -> Place:
    """Where ``position`` lies in ``lines``; past the last line means the end of the document."""
    return place_at(lines, position.line, position.character, encoding)


def places_of(lines: Sequence[str], span: types.Range, encoding: str) -> tuple[Place, Place]:
    """Both ends of ``span``, the earlier one first."""
    ends = place_of(lines, span.start, encoding), place_of(lines, span.end, encoding)
    return min(ends), max(ends)


def position_of(lines: Sequence[str], place: Place, encoding: str) -> types.Position:
    """The LSP position of ``place``, which lies inside ``lines``."""
    line, column = place
    return types.Position(line, units_of(lines[line], column, encoding))


def items_of(outcome: Outcome, span: types.Range, typed: str, showing_id: str = "") -> types.InlineCompletionList:
    """What the editor is told: each suggestion after ``typed``, together in place of ``span``.

    ``showing_id`` comes back in the command that the editor runs after it has inserted an
    item. Never ``null``: Neovim would leave an older suggestion on the screen.
    """
    command = types.Command("Accepted", ACCEPTED, arguments=[showing_id]) if showing_id else None
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(insert_text=plain_breaks(typed + suggestion.text), range=span, command=command)
            for suggestion in outcome.suggestions
        ]
    )


def plain_breaks(text: str) -> str:
    """``text`` with ``\\n`` for every line break: an editor puts in its own, and Neovim would show ``^M``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
