from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.acceptance.region import LineEdit, Region, kept_share, line_edit

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n"]), max_size=8).map(lambda lines: [*lines, ""])


@given(LINES, LINES)
def test_the_edit_between_two_texts_turns_one_into_the_other(before: list[str], after: list[str]) -> None:
    edit = line_edit(before, after)
    assert before[: edit.first] + after[edit.first : edit.first + edit.num_new] + before[edit.stop :] == after


@given(st.data())
def test_a_region_holds_its_lines_through_edits_elsewhere(data: st.DataObject) -> None:
    lines = [f"{number}\n" for number in range(10)]
    first = data.draw(st.integers(0, 9))
    stop = data.draw(st.integers(first + 1, 10))
    wanted = lines[first:stop]
    region = Region(first, stop, len(lines))
    for _ in range(data.draw(st.integers(0, 5))):
        at = lines.index(wanted[0])
        above = data.draw(st.booleans())
        low, high = (0, at) if above else (at + len(wanted), len(lines))
        edit_first = data.draw(st.integers(low, high))
        edit_stop = data.draw(st.integers(edit_first, high))
        num_new = data.draw(st.integers(0, 3))
        lines[edit_first:edit_stop] = ["new\n"] * num_new
        assert not region.follow(LineEdit(edit_first, edit_stop, num_new))
        assert list(region.lines(lines)) == wanted


@given(st.data())
def test_a_region_is_never_outside_the_document(data: st.DataObject) -> None:
    num_lines = data.draw(st.integers(1, 8))
    first = data.draw(st.integers(0, num_lines - 1))
    region = Region(first, first + 1, num_lines)
    for _ in range(5):
        edit_first = data.draw(st.integers(0, num_lines))
        edit_stop = data.draw(st.integers(edit_first, num_lines))
        num_new = data.draw(st.integers(0, 3))
        num_lines += num_new - (edit_stop - edit_first)
        region.follow(LineEdit(edit_first, edit_stop, num_new), data.draw(st.booleans()), data.draw(st.booleans()))
        assert region.num_lines == num_lines
        assert region.num_above >= 0 and region.num_below >= 0
        assert region.num_above + region.num_below <= num_lines


@pytest.mark.parametrize(
    ("text", "present", "share"),
    [
        ("a = b", "x a = b y", 1.0),
        ("a =  b", "a=b", 1.0),
        ("a = b", "", 0.0),
        ("aaa bbb", "aaa", 0.5),
        ("", "", 1.0),
        ("  \n", "x", 1.0),
    ],
)
def test_what_is_kept(text: str, present: str, share: float) -> None:
    assert kept_share(text, present) == share
