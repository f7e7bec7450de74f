"""Values that travel: lines at a cursor, and closers that an editor put behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.text import Cursor, Snapshot, closers_before
from tests.unit.cursor_mark import at_mark


@pytest.mark.parametrize(
    ("after", "is_rest", "text", "count"),
    [
        ("\nx", True, "\nx", 0),
        ("\nx", True, ")\nx", 1),
        ("\nx", True, "'])\nx", 3),
        ("\nx", True, "))))\nx", 4),
        ("\nx", True, ")))))\nx", None),
        ("\nx", True, ")y\nx", None),
        ("\nx", True, "\nxy", None),
        ("\nx", False, "\nxy", 0),
        ("\nx", False, ")\nxy", 1),
        (")\n", True, "))\n", 1),
        (")\n", True, ")\n", 0),
        ("", True, "", 0),
        ("", True, "})", 2),
        ("", True, "}x", None),
        ("", True, "(", None),
        ("", False, "anything", 0),
        (")", True, "", None),
    ],
)
def test_closers_before(after: str, is_rest: bool, text: str, count: int | None) -> None:
    assert closers_before(after, is_rest, text, 0) == count
    assert closers_before(after, is_rest, "before(" + text, 7) == count


@given(st.text('ab)]"\n', max_size=6), st.text('ab)]"\n', max_size=6), st.integers(0, 6))
def test_the_fewest_closers_that_explain_the_text(after: str, text: str, offset: int) -> None:
    offset = min(offset, len(text))
    behind = text[offset:]
    explained = [
        count for count in range(5) if behind[count:] == after and set(behind[:count]) <= set(")]\"")
        and len(behind) == count + len(after)
    ]  # fmt: skip
    assert closers_before(after, True, text, offset) == (explained[0] if explained else None)


@pytest.mark.parametrize(
    ("marked", "before", "after"),
    [
        ("a\n  b‸c\nd", "  b", "c"),
        ("a\r\n\tb‸c\r\nd", "\tb", "c"),
        ("‸", "", ""),
        ("a\n‸", "", ""),
        ("‸\r\nb", "", ""),
        ("a😀‸é", "a😀", "é"),
    ],
)
def test_the_line_around_a_cursor(marked: str, before: str, after: str) -> None:
    cursor = at_mark(marked)
    assert (cursor.line_prefix, cursor.line_suffix) == (before, after)


@given(st.text("a\n\r😀", max_size=12), st.integers(0, 12))
def test_prefix_and_suffix_make_the_text(text: str, offset: int) -> None:
    cursor = Cursor(Snapshot("file:///a", "", 1, text), min(offset, len(text)))
    assert cursor.prefix + cursor.suffix == text
    assert cursor.prefix.endswith(cursor.line_prefix)
    assert cursor.suffix.startswith(cursor.line_suffix)
    assert "\n" not in cursor.line_prefix + cursor.line_suffix
