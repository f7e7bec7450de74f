"""Where in a file: what a person writes as FILE:LINE or FILE:A-B."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from typer.core import TyperCommand

from fimble.errors import PositionOutside

_LINE = re.compile(r"(?P<file>.+):(?P<first>[0-9]{1,9})", re.DOTALL)
_LINES = re.compile(r"(?P<file>.+):(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Whole lines of a file, counted from 1."""

    file: str
    """A path, or ``-`` for standard input."""
    first: int
    last: int
    """Not before ``first``; the same where only one line was named."""
    is_range: bool


def line_in(place: str, command: str) -> Place:
    """``FILE:LINE``. Raises ``PositionOutside`` with an example of ``command`` for anything else."""
    found = _LINE.fullmatch(place)
    if found is None:
        raise PositionOutside(f"{place!r} is not FILE:LINE.", f"For example: fimble {command} app.py:12")
    return Place(found["file"], int(found["first"]), int(found["first"]), is_range=False)


def lines_in(place: str, command: str) -> Place:
    """``FILE:A-B`` or ``FILE:A``. Raises ``PositionOutside`` for anything else, and where B comes before A."""
    found = _LINES.fullmatch(place)
    if found is None:
        raise PositionOutside(f"{place!r} is not FILE:A-B.", f"For example: fimble {command} app.py:12-20")
    first, last = int(found["first"]), int(found["last"] or found["first"])
    if last < first:
        raise PositionOutside(f"Line {last} comes before line {first}.", f"For example: {found['file']}:{last}-{first}")
    return Place(found["file"], first, last, is_range=found["last"] is not None)


class PlaceCommand(TyperCommand):
    """A command that takes a place: ``-:12`` is one, though it begins like an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        piped = [] if "--" in args else [argument for argument in args if argument.startswith("-:")]
        others = [argument for argument in args if argument not in piped]
        return super().parse_args(ctx, [*others, "--", *piped] if piped else others)
