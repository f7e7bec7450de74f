from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.acceptance.records import Ending, Record, Surface
from fimble.acceptance.region import LineEdit
from tests.unit.acceptance.screen import URI, Screen


def screen() -> Screen:
    return Screen("def area(r):\n    return ‸\n\nrest()\n")


def test_taking_all_at_once_is_accepted_and_still_there() -> None:
    s = screen()
    s.show("3.14 * r ** 2")
    s.put("3.14 * r ** 2")
    assert s.records(29) == []
    assert s.record() == Record(Surface.INLINE, "python", Ending.ACCEPTED, 13, 13, 0.5, 12.0, 1.0)


def test_what_was_deleted_meanwhile_was_not_kept() -> None:
    s = screen()
    s.show("3.14 * r ** 2")
    s.put("3.14 * r ** 2")
    s.become("def area(r):\n    return ", "None\n\nrest()\n")
    assert s.record().kept_share == 0.0


def test_what_was_changed_in_part_was_kept_in_part() -> None:
    s = screen()
    s.show("3.14 * radius")
    s.put("3.14 * radius")
    s.become("def area(r):\n    return ", "3.14 * r\n\nrest()\n")
    share = s.record().kept_share
    assert share is not None and 0 < share < 1


def test_lines_added_above_and_below_do_not_hide_what_was_kept() -> None:
    s = screen()
    s.show("1 + (\n        r\n    )")
    s.put("1 + (\n        r\n    )")
    s.become("import math\n\n\n" + s.before, s.after)
    s.become(s.before, s.after + "more()\nmore()\n")
    assert s.record().kept_share == 1.0


def test_typing_it_through_is_not_accepting_it() -> None:
    s = screen()
    s.show("r * r")
    s.type("r * r")
    record = s.record()
    assert (record.ending, record.num_accepted_chars, record.kept_share) == (Ending.TYPED, 0, None)


def test_typing_a_part_and_taking_the_rest_is_accepted() -> None:
    s = screen()
    s.show("3.14 * r")
    s.type("3.1")
    s.put("4 * r")
    record = s.record()
    assert (record.ending, record.num_chars, record.num_accepted_chars) == (Ending.ACCEPTED, 8, 5)


def test_taking_a_word_and_writing_something_else_is_partly_accepted() -> None:
    s = screen()
    s.show("round(r, 2)")
    s.put("round")
    s.type("_up")
    record = s.record()
    assert (record.ending, record.num_accepted_chars) == (Ending.PARTLY, 5)


def test_taking_a_word_and_then_the_rest_is_accepted() -> None:
    s = screen()
    s.show("round(r, 2)")
    s.put("round")
    s.put("(r, 2)")
    assert s.record().ending is Ending.ACCEPTED


def test_taking_it_word_by_word_is_accepted() -> None:
    s = screen()
    s.show("radius squared")
    s.put("radius")
    s.put(" squared")
    assert s.record().ending is Ending.ACCEPTED


def test_writing_something_else_is_rejecting() -> None:
    s = screen()
    s.show("r * r")
    s.type("None")
    assert s.record().ending is Ending.REJECTED


def test_deleting_what_stood_before_is_rejecting() -> None:
    s = screen()
    s.show("r * r")
    s.become(s.before[:-3], s.after)
    assert s.record().ending is Ending.REJECTED


def test_going_back_over_typed_letters_is_nothing_yet() -> None:
    s = screen()
    s.show("radius")
    s.type("ra")
    s.become(s.before[:-1], s.after)
    assert s.records() == []
    s.put("adius")
    assert s.record().ending is Ending.ACCEPTED


def test_what_left_the_screen_at_once_was_not_shown() -> None:
    s = screen()
    s.show("r * r")
    s.now_s -= 0.9
    s.type("None")
    assert s.records() == []


def test_what_the_editor_says_was_shown_counts_however_short_it_was() -> None:
    s = screen()
    s.tracker.seen(s.show("r * r"))
    s.now_s -= 0.9
    s.type("None")
    assert s.record().ending is Ending.REJECTED


def test_the_same_suggestion_asked_for_again_is_one() -> None:
    s = screen()
    s.show("radius")
    s.type("ra")
    s.show("dius")
    s.type("di")
    s.show("us * 2")
    s.put("us * 2")
    record = s.record()
    assert (record.ending, record.num_chars, record.num_accepted_chars) == (Ending.ACCEPTED, 10, 6)
    assert s.records() == []


def test_another_suggestion_in_the_same_place_withdraws_the_first() -> None:
    s = screen()
    s.show("radius")
    s.show("None")
    s.put("None")
    assert [record.ending for record in s.records()] == [Ending.WITHDRAWN, Ending.ACCEPTED]


def test_going_elsewhere_is_rejecting() -> None:
    s = screen()
    s.show("radius")
    s.before, s.after = s.text[:4], s.text[4:]
    s.show()
    assert s.record().ending is Ending.REJECTED


def test_asking_again_without_an_answer_changes_nothing() -> None:
    s = screen()
    s.show("radius")
    s.show()
    assert s.records() == []
    s.put("radius")
    assert s.record().ending is Ending.ACCEPTED


def test_edits_elsewhere_leave_it_standing() -> None:
    s = screen()
    s.show("radius")
    s.become("import os\n" + s.before, s.after)
    s.become(s.before, s.after + "end()\n")
    s.put("radius")
    record = s.record()
    assert (record.ending, record.kept_share) == (Ending.ACCEPTED, 1.0)


def test_any_of_several_alternatives_can_be_taken() -> None:
    s = screen()
    s.show("radius", "r * 2", "None")
    s.put("r * 2")
    record = s.record()
    assert (record.ending, record.num_chars) == (Ending.ACCEPTED, 5)


def test_brackets_that_the_editor_closes_are_typing() -> None:
    s = screen()
    s.show("round(r)")
    s.type("round")
    s.put("(", ")" + s.after)
    assert s.records() == []
    s.show("r")
    s.put("r")
    assert s.record().ending is Ending.TYPED


def test_a_closer_that_the_suggestion_does_not_have_is_rejecting() -> None:
    s = Screen("f(‸\n")
    s.show("x)")
    s.type(")")
    assert s.record().ending is Ending.REJECTED


def test_an_indented_line_break_is_typing() -> None:
    s = Screen("    if x:‸\n")
    s.show("\n        return y\n    return z")
    s.put("\n        ")
    s.type("return y")
    s.put("\n    ")
    s.type("return z")
    assert s.record().ending is Ending.TYPED


def test_line_ends_of_two_characters_are_the_same_text() -> None:
    s = Screen("if x:‸\r\nrest()\r\n")
    s.show("\n    return y\n")
    s.put("\r\n    return y\r\n")
    record = s.record()
    assert (record.ending, record.kept_share) == (Ending.ACCEPTED, 1.0)


def test_an_item_may_begin_before_the_cursor() -> None:
    s = Screen("    pri‸\n")
    s.show("print(x)", num_typed=3, surface=Surface.POPUP)
    s.put("nt(x)")
    record = s.record()
    assert (record.surface, record.ending) == (Surface.POPUP, Ending.ACCEPTED)
    assert (record.num_chars, record.num_accepted_chars) == (5, 5)


def test_an_item_may_replace_what_does_not_begin_it() -> None:
    s = Screen("    PRI‸\n")
    s.show("print(x)", num_typed=3)
    s.become("    print(x)", "\n")
    assert s.record().ending is Ending.ACCEPTED


def test_the_editors_word_counts_for_what_looks_like_typing() -> None:
    s = screen()
    shown = s.show("r")
    s.put("r")
    s.tracker.accepted(shown, s.now_s)
    record = s.record()
    assert (record.ending, record.num_accepted_chars, record.kept_share) == (Ending.ACCEPTED, 1, 1.0)


def test_the_editors_word_may_come_before_the_change() -> None:
    s = screen()
    s.tracker.accepted(s.show("r"), s.now_s)
    s.put("r")
    assert s.record().ending is Ending.ACCEPTED


def test_the_editors_word_counts_where_the_document_tells_nothing() -> None:
    s = screen()
    shown = s.show("r * r")
    s.become("def area(r):\n    return  r*r", s.after)
    s.tracker.accepted(shown, s.now_s)
    assert s.record().ending is Ending.ACCEPTED


def test_the_editors_word_on_a_part_is_counted_once() -> None:
    s = screen()
    shown = s.show("round(r, 2)")
    s.put("round")
    s.tracker.partly_accepted(shown, 5, s.now_s)
    s.tracker.partly_accepted(shown, 6, s.now_s)
    s.type("None")
    record = s.record()
    assert (record.ending, record.num_accepted_chars) == (Ending.PARTLY, 6)


def test_a_part_counts_from_the_item_that_the_editor_names() -> None:
    s = screen()
    s.show("round(r, 2)")
    s.type("rou")
    shown = s.show("nd(r, 2)")
    s.tracker.partly_accepted(shown, 2, s.now_s)
    s.put("nd")
    s.type("None")
    record = s.record()
    assert (record.ending, record.num_accepted_chars) == (Ending.PARTLY, 2)


def test_a_part_that_is_all_is_accepted() -> None:
    s = screen()
    shown = s.show("rr")
    s.put("rr")
    s.tracker.partly_accepted(shown, 2, s.now_s)
    assert s.record().ending is Ending.ACCEPTED


def test_unknown_ids_are_passed_over() -> None:
    s = screen()
    s.tracker.accepted("7", s.now_s)
    s.tracker.partly_accepted("7", 3, s.now_s)
    s.tracker.seen("7")
    assert s.records() == []


def test_a_closed_document_withdraws_and_nobody_looks() -> None:
    s = screen()
    s.show("radius")
    s.tracker.close(URI, s.now_s)
    assert s.record().ending is Ending.WITHDRAWN
    s.show("radius")
    s.put("radius")
    (record,) = s.tracker.finish(s.now_s)
    assert (record.ending, record.kept_share) == (Ending.ACCEPTED, None)


def test_the_next_time_to_look_is_known() -> None:
    s = screen()
    assert s.tracker.next_due_s is None
    s.show("radius")
    s.put("radius")
    assert s.tracker.next_due_s == s.now_s + 30


def test_only_so_many_ids_are_remembered() -> None:
    s = screen()
    first = s.show("radius")
    for _ in range(300):
        s.show("radius")
    s.tracker.accepted(first, s.now_s)
    assert s.records() == []


@pytest.mark.parametrize("edit", [LineEdit(1, 2, 2), LineEdit(2, 2, 1)])
def test_however_the_editor_cuts_its_change_the_end_is_the_same(edit: LineEdit) -> None:
    s = Screen("def area(r):‸\n\nrest()\n")
    s.show("\n    return r")
    s.become(s.before + "\n    return r", s.after, LineEdit(edit.first - 1, edit.stop - 1, edit.num_new))
    record = s.record()
    assert (record.ending, record.kept_share) == (Ending.ACCEPTED, 1.0)


WORDS = st.text("ab (\n)'é😀", min_size=1, max_size=12)


@given(WORDS, st.data())
def test_every_suggestion_ends_exactly_once_whatever_is_done(text: str, data: st.DataObject) -> None:
    s = Screen("x = ‸\ny\n")
    s.show(text)
    for _ in range(data.draw(st.integers(0, 6))):
        match data.draw(st.sampled_from(["type", "put", "delete", "again", "move"])):
            case "type":
                s.put(data.draw(st.sampled_from("ab (")))
            case "put":
                s.put(data.draw(WORDS))
            case "delete":
                s.become(s.before[:-1], s.after)
            case "again":
                s.show(data.draw(WORDS))
            case _:
                whole, place = s.text, data.draw(st.integers(0, len(s.text)))
                s.before, s.after = whole[:place], whole[place:]
    records = s.records() + s.tracker.finish(s.now_s)
    assert 1 <= len(records) <= s.num_shown
    for record in records:
        assert 0 <= record.num_accepted_chars <= record.num_chars
        assert record.kept_share is None or 0 <= record.kept_share <= 1
        taken = record.ending in (Ending.ACCEPTED, Ending.PARTLY)
        assert taken == (record.num_accepted_chars > 0)


@given(st.text("ab (\n)'é😀", min_size=3, max_size=30).filter(lambda text: len("".join(text.split())) >= 3))
def test_whatever_is_taken_whole_is_accepted_and_kept(text: str) -> None:
    s = Screen("    x = ‸)\ny\n")
    s.show(text)
    s.put(text)
    record = s.record()
    assert record.ending is Ending.ACCEPTED
    assert record.num_accepted_chars == record.num_chars == len(text)
    assert record.kept_share == 1.0
