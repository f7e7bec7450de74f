from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from fimble.lsp.acceptance import _edits_of, _id_of, _need_comparing
from fimble.lsp.documents import Document

POSITIONS = st.builds(types.Position, st.integers(0, 7), st.integers(0, 4))
CHANGES = st.builds(
    types.TextDocumentContentChangePartial,
    st.builds(types.Range, POSITIONS, POSITIONS),
    st.text("ab\n", max_size=5),
)


def partial(start: int, end: int) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(types.Range(types.Position(start, 0), types.Position(end, 0)), "")


@given(st.text("abc\n", max_size=20), CHANGES)
def test_lines_outside_an_edit_stay_as_they_are(text: str, change: types.TextDocumentContentChangePartial) -> None:
    document = Document("file:///a.py", "python", 1, text)
    before = list(document.lines)
    (edit,) = _edits_of([change], len(before))
    document.change(2, [change], "utf-16")
    after = document.lines
    assert 0 <= edit.first <= edit.stop <= len(before)
    assert len(after) == len(before) + edit.num_new - (edit.stop - edit.first)
    assert after[: edit.first] == before[: edit.first]
    assert after[edit.first + edit.num_new :] == before[edit.stop :]


@given(st.text("abc\n", max_size=20), st.lists(CHANGES, max_size=4))
def test_the_number_of_lines_is_followed_through_several_edits(
    text: str, changes: list[types.TextDocumentContentChangePartial]
) -> None:
    document = Document("file:///a.py", "python", 1, text)
    num_lines = len(document.lines)
    edits = _edits_of(changes, num_lines)
    document.change(2, changes, "utf-16")
    assert len(document.lines) == num_lines + sum(edit.num_new - (edit.stop - edit.first) for edit in edits)


def test_only_a_whole_text_or_one_large_edit_is_compared() -> None:
    assert not _need_comparing([partial(0, 3)])
    assert _need_comparing([partial(0, 300)])
    assert not _need_comparing([partial(0, 300), partial(0, 3)])
    assert _need_comparing([partial(0, 3), types.TextDocumentContentChangeWholeDocument("")])


def test_an_id_is_read_from_an_items_command_if_it_is_there() -> None:
    assert _id_of({"command": {"arguments": ["7"]}}) == "7"
    odd: list[dict[str, object]] = [
        {},
        {"command": None},
        {"command": {"arguments": []}},
        {"command": {"arguments": [7]}},
    ]
    for nonsense in odd:
        assert _id_of(nonsense) == ""
