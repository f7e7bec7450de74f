"""From what the model wrote to what is shown: within its scope, then through the filters in order.

Each filter takes the text so far and gives back text, or the reason for none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fimble.suggest.blank import drop_blank
from fimble.suggest.closers import cut_surplus_closers
from fimble.suggest.comments import cut_comments
from fimble.suggest.loops import cut_loops
from fimble.suggest.names import cut_unknown_names, words_of
from fimble.suggest.parse import cut_breaking_lines
from fimble.suggest.repetition import drop_repeated_definition, drop_repeated_prefix
from fimble.suggest.scope import Scope, cut, next_line
from fimble.suggest.suffix import cut_line_overlap, cut_next_lines
from fimble.text import Cursor, Reason

Filter = Callable[[str, Cursor], "str | Reason"]

_BASIC: tuple[Filter, ...] = (
    drop_blank,
    cut_loops,
    cut_next_lines,
    cut_line_overlap,
    drop_repeated_prefix,
    drop_repeated_definition,
    cut_surplus_closers,
)


def filters(known_texts: Iterable[str] = (), with_comments: bool = True) -> tuple[Filter, ...]:
    """The filters, in order. ``known_texts``: what else the model was shown, whose names exist."""
    known = words_of(known_texts)

    def keep_known_names(text: str, cursor: Cursor) -> str | Reason:
        return cut_unknown_names(text, cursor, known)

    of_this_person = () if with_comments else (cut_comments,)
    return (*_BASIC, *of_this_person, keep_known_names, cut_breaking_lines, drop_blank)


FILTERS: tuple[Filter, ...] = (*_BASIC, cut_breaking_lines, drop_blank)
"""Those that need nothing but the file itself."""


def has_ended(answer: str, cursor: Cursor, scope: Scope) -> bool:
    """Whether more of ``answer`` would not be shown. Asked after every token."""
    return cut(answer, cursor, scope)[1]


def conclude(
    answer: str, cursor: Cursor, scope: Scope, is_cut_off: bool, keepers: Sequence[Filter] = FILTERS
) -> str | Reason:
    """What to show of the whole ``answer``, or why nothing.

    ``is_cut_off``: the model was stopped before it came to an end, so the last line is not whole.
    """
    if not answer.strip():
        return Reason.EMPTY
    text = answer
    if is_cut_off:
        text = text.rpartition("\n")[0]
        if not text.strip():
            return Reason.TOO_LONG
        line = text.partition("\n")[0]
        text = line if scope is Scope.LINE and line.strip() else text
    kept = cut(text + "\n", cursor, scope)[0].rstrip("\r\n")
    if not kept.strip():
        first_line = text.strip().partition("\n")[0].strip()
        return Reason.REPEATS_SUFFIX if first_line == next_line(cursor) else Reason.OUT_OF_SCOPE
    return refine(kept, cursor, keepers)


def refine(text: str, cursor: Cursor, keepers: Sequence[Filter] = FILTERS) -> str | Reason:
    """``text`` after every filter, again and again until none changes it; or the first reason met."""
    while True:
        before = text
        for keep in keepers:
            result = keep(text, cursor)
            if isinstance(result, Reason):
                return result
            text = result
        if text == before:
            return text
