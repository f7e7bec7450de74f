"""The filters, in order: each takes the text so far and gives back text, or the reason for none."""

from __future__ import annotations

from collections.abc import Callable

from fimble.suggest.blank import drop_blank
from fimble.suggest.repetition import cut_loops, drop_repeated_prefix
from fimble.suggest.suffix import cut_line_overlap, cut_next_lines
from fimble.text import Cursor, Reason

Filter = Callable[[str, Cursor], "str | Reason"]

FILTERS: tuple[Filter, ...] = (
    drop_blank,
    cut_loops,
    cut_next_lines,
    cut_line_overlap,
    drop_repeated_prefix,
    drop_blank,
)


def refine(text: str, cursor: Cursor) -> str | Reason:
    """``text`` after every filter, or the first reason met."""
    for keep in FILTERS:
        result = keep(text, cursor)
        if isinstance(result, Reason):
            return result
        text = result
    return text
