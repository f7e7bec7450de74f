from __future__ import annotations

import time

import pytest
from lsprotocol import types

from fimble.errors import PositionOutside, UnknownDocument
from fimble.lsp.documents import Document, Documents

URI = "file:///a.py"


def partial(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(*start), types.Position(*end)), text=text
    )


def edited(text: str, *changes: types.TextDocumentContentChangePartial, encoding: str = "utf-16") -> str:
    document = Document(URI, "python", 1, text)
    document.change(2, changes, encoding)
    return document.snapshot().text


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        ("", partial((0, 0), (0, 0), "a\n"), "a\n"),
        ("ab\ncd", partial((0, 1), (1, 1), "X"), "aXd"),
        ("ab\ncd", partial((1, 1), (0, 1), "X"), "aXd"),
        ("ab\ncd", partial((0, 99), (0, 99), "X"), "abX\ncd"),
        ("ab\r\ncd", partial((0, 99), (0, 99), "X"), "abX\r\ncd"),
        ("ab\rcd", partial((1, 0), (1, 0), "X"), "ab\rXcd"),
        ("ab\ncd", partial((9, 9), (9, 9), "X"), "ab\ncdX"),
        ("😀b", partial((0, 2), (0, 3), "X"), "😀X"),
        ("😀b", partial((0, 1), (0, 1), "X"), "X😀b"),
        ("a\rb", partial((1, 0), (1, 1), ""), "a\r"),
        ("a\rb\n", partial((1, 0), (1, 1), ""), "a\r\n"),
        ("a\u2028b\nc", partial((1, 0), (1, 0), "X"), "a\u2028b\nXc"),
    ],
)
def test_an_edit(text: str, change: types.TextDocumentContentChangePartial, expected: str) -> None:
    assert edited(text, change) == expected


def test_changes_of_one_message_follow_each_other() -> None:
    assert edited("abc", partial((0, 0), (0, 1), ""), partial((0, 0), (0, 1), "")) == "c"


def test_a_snapshot_is_made_once_a_version_and_never_changes() -> None:
    document = Document(URI, "python", 1, "a")
    first = document.snapshot()
    assert document.snapshot() is first
    document.change(2, [partial((0, 1), (0, 1), "b")], "utf-8")
    assert (first.text, first.version) == ("a", 1)
    assert (document.snapshot().text, document.snapshot().version) == ("ab", 2)


def test_a_cursor_past_the_last_line_is_refused_and_one_past_a_line_end_is_not() -> None:
    document = Document(URI, "python", 1, "ab\r\ncd")
    assert document.cursor(types.Position(0, 99), "utf-16").offset == 2
    assert document.cursor(types.Position(1, 2), "utf-16").offset == 6
    with pytest.raises(PositionOutside, match="Line 3 of 2"):
        document.cursor(types.Position(2, 0), "utf-16")


def test_half_surrogates_never_reach_the_model() -> None:
    assert Document(URI, "python", 1, "a\ud83d").snapshot().text == "a\ufffd"


def test_a_document_that_is_not_open_is_unknown() -> None:
    documents = Documents()
    documents.close(URI)
    with pytest.raises(UnknownDocument, match="not open"):
        documents.get(URI)
    documents.open(types.TextDocumentItem(URI, "python", 1, "a"))
    assert documents.get(URI).snapshot().language == "python"
    documents.close(URI)
    with pytest.raises(UnknownDocument):
        documents.change(URI, 2, [], "utf-8")


def test_an_edit_storm_in_a_long_file_costs_what_it_touches() -> None:
    document = Document(URI, "python", 1, "x = 'ü'\n" * 50_000)
    started_s = time.process_time()
    for version in range(2, 2002):
        document.change(version, [partial((40_000, 0), (40_000, 0), "y")], "utf-16")
    assert time.process_time() - started_s < 2.0
    assert document.lines[40_000] == "y" * 2000 + "x = 'ü'\n"
