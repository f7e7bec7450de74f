"""Keystrokes become edits that a person would name."""

from __future__ import annotations

from fimble.context.edits import MAX_CHARS, MAX_EDITS, MERGE_S, RecentEdits
from fimble.text import Snapshot

TEXT = "".join(f"line {number}\n" for number in range(30))


class Typist:
    """Types into documents and records each change."""

    def __init__(self) -> None:
        self.now = 0.0
        self.edits = RecentEdits(lambda: self.now)
        self.texts: dict[str, Snapshot] = {}

    def replace(self, old: str, new: str, uri: str = "file:///a.py") -> None:
        before = self.texts.get(uri) or Snapshot(uri, "python", 1, TEXT)
        assert before.text.count(old) == 1
        after = Snapshot(uri, "python", before.version + 1, before.text.replace(old, new))
        self.edits.record(before, after)
        self.texts[uri] = after

    def type(self, at: str, text: str) -> None:
        """Types ``text`` after ``at``, one key at a time."""
        for index in range(len(text)):
            self.replace(at + text[:index], at + text[: index + 1])

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [(edit.before, edit.after) for edit in self.edits.latest()]


def test_keystrokes_in_one_place_are_one_edit() -> None:
    typist = Typist()
    typist.type("line 5", " = price")
    assert typist.pairs == [("line 5\n", "line 5 = price\n")]


def test_new_lines_join_the_edit() -> None:
    typist = Typist()
    typist.type("line 5", ":\n    one\n    two")
    assert typist.pairs == [("line 5\n", "line 5:\n    one\n    two\n")]


def test_near_lines_join_and_hold_what_lies_between() -> None:
    typist = Typist()
    typist.replace("line 7", "row 7")
    typist.replace("line 5", "row 5")
    assert typist.pairs == [("line 5\nline 6\nline 7\n", "row 5\nline 6\nrow 7\n")]
    edit = typist.edits.latest()[0]
    assert typist.texts[edit.uri].text[edit.start :].startswith(edit.after)


def test_far_lines_are_another_edit() -> None:
    typist = Typist()
    typist.replace("line 5", "row 5")
    typist.replace("line 15", "row 15")
    assert typist.pairs == [("line 5\n", "row 5\n"), ("line 15\n", "row 15\n")]


def test_a_pause_ends_an_edit() -> None:
    typist = Typist()
    typist.replace("line 5", "row 5")
    typist.now += MERGE_S + 1
    typist.replace("row 5", "row five")
    assert typist.pairs == [("line 5\n", "row 5\n"), ("row 5\n", "row five\n")]


def test_an_edit_goes_on_after_a_look_elsewhere() -> None:
    typist = Typist()
    typist.replace("line 5", "row 5")
    typist.replace("line 5", "x", uri="file:///b.py")
    typist.replace("row 5", "row five")
    assert typist.pairs == [("line 5\n", "x\n"), ("line 5\n", "row five\n")]


def test_what_was_undone_is_no_edit() -> None:
    typist = Typist()
    typist.replace("line 5", "row 5")
    typist.replace("row 5", "line 5")
    assert typist.pairs == []


def test_deleted_and_inserted_lines_are_whole() -> None:
    typist = Typist()
    typist.replace("line 5\n", "")
    assert typist.pairs == [("line 5\nline 6\n", "line 6\n")]
    other = Typist()
    other.replace("line 5\n", "line 5\nnew\n")
    assert other.pairs == [("", "new\n")]
    third = Typist()
    third.replace("line 5\nline 6", "line 5line 6")
    assert third.pairs == [("line 5\nline 6\n", "line 5line 6\n")]


def test_the_end_of_a_file_without_a_line_end() -> None:
    edits = RecentEdits(lambda: 0.0)
    edits.record(Snapshot("file:///a", "", 1, "a\nb"), Snapshot("file:///a", "", 2, "a\nbc"))
    assert [(edit.before, edit.after) for edit in edits.latest()] == [("b", "bc")]


def test_only_the_last_ones_are_kept() -> None:
    typist = Typist()
    for number in range(0, 30, 3):
        typist.now += MERGE_S + 1
        typist.replace(f"line {number}\n", f"row {number}\n")
    assert [after for _, after in typist.pairs] == [f"row {number}\n" for number in range(0, 30, 3)][-MAX_EDITS:]


def test_pastes_and_minified_lines_are_no_small_edits() -> None:
    typist = Typist()
    typist.replace("line 5", "paste\n" * MAX_CHARS)
    assert typist.pairs == []
    edits = RecentEdits(lambda: 0.0)
    line = "x" * 10**6
    edits.record(Snapshot("file:///a", "", 1, line), Snapshot("file:///a", "", 2, line + "y"))
    assert edits.latest() == ()


def test_a_missed_version_ends_an_edit() -> None:
    typist = Typist()
    typist.replace("line 5", "row 5")
    known = typist.texts["file:///a.py"]
    typist.texts["file:///a.py"] = Snapshot(known.uri, known.language, known.version + 5, "x\n" + known.text)
    typist.replace("row 5", "row five")
    assert typist.pairs == [("line 5\n", "row 5\n"), ("row 5\n", "row five\n")]


def test_forgotten() -> None:
    typist = Typist()
    typist.replace("line 5", "row 5")
    typist.edits.forget("file:///a.py")
    assert typist.pairs == []
