"""From what the model wrote to what is shown: within its scope, then through the filters in order.

Each filter takes the text so far and gives back text, or the reason for none.
"""

from __future__ import annotations

from collections.abc import Callable

from fimble.suggest.blank import drop_blank
from fimble.suggest.indent import after_typed
from fimble.suggest.loops import cut_loops
from fimble.suggest.repetition import drop_repeated_prefix
from fimble.suggest.scope import Scope, cut, next_line
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


def has_ended(answer: str, cursor: Cursor, scope: Scope) -> bool:
    """Whether more of ``answer`` would not be shown. Asked after every token."""
    return cut(after_typed(answer, cursor), cursor, scope)[1]


def conclude(answer: str, cursor: Cursor, scope: Scope, is_cut_off: bool) -> str | Reason:
    """What to show of the whole ``answer``, or why nothing.

    ``is_cut_off``: the model was stopped before it came to an end, so the last line is not whole.
    """
    if not answer.strip():
        return Reason.EMPTY
    text = after_typed(answer, cursor)
    if is_cut_off:
        text = text.rpartition("\n")[0]
        if not text.strip():
            return Reason.TOO_LONG
    kept = cut(text + "\n", cursor, scope)[0].rstrip("\r\n")
    if not kept.strip():
        first_line = text.strip().partition("\n")[0].strip()
        return Reason.REPEATS_SUFFIX if first_line == next_line(cursor) else Reason.OUT_OF_SCOPE
    return refine(kept, cursor)


def refine(text: str, cursor: Cursor) -> str | Reason:
    """``text`` after every filter, or the first reason met."""
    for keep in FILTERS:
        result = keep(text, cursor)
        if isinstance(result, Reason):
            return result
        text = result
    return text
