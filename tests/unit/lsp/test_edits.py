"""Edits as editors apply them: three ways to count columns, versions, and snippets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.features.actions.action import Edit
from fimble.lsp.abilities import read_abilities
from fimble.lsp.documents import Document
from fimble.lsp.edits import MAX_KEPT_CHARS, escaped, new_document, workspace_edit
from fimble.lsp.greeting import ENCODINGS, Client
from fimble.lsp.protocol import make_converter
from tests.e2e.acting import CAN_ALL, applied, inserted, text_edits

URI = "file:///a.py"
TEXTS = st.text(alphabet="ab \t\n\\$}{é编𝄞", max_size=40)


def client(encoding: str = "utf-16", capabilities: dict[str, Any] = CAN_ALL) -> Client:
    return Client(encoding=encoding, can=read_abilities(capabilities))


def wire(text: str, edits: list[Edit], asking: Client, with_cursor: bool = False) -> dict[str, Any]:
    edit = workspace_edit(Document(URI, "python", 7, text), edits, asking, with_cursor)
    found: dict[str, Any] = make_converter().unstructure(edit)
    return found


def after(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("with_cursor", [False, True])
@given(text=TEXTS, new=TEXTS, place=st.integers(0, 40), length=st.integers(0, 10))
def test_an_editor_gets_what_was_meant(
    encoding: str, with_cursor: bool, text: str, new: str, place: int, length: int
) -> None:
    start = min(place, len(text))
    edit = Edit(start, min(start + length, len(text)), new)
    sent = text_edits(wire(text, [edit], client(encoding), with_cursor), URI, 7)
    assert ("snippet" in sent[0]) is with_cursor
    assert applied(text, sent, encoding) == after(text, [edit])


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("with_cursor", [False, True])
def test_several_edits(encoding: str, with_cursor: bool) -> None:
    text = "é𝄞 = 1\nb𝄞 = 2\n"
    edits = [Edit(0, 2, "x"), Edit(8, 9, "编"), Edit(len(text), len(text), "end")]
    sent = text_edits(wire(text, edits, client(encoding), with_cursor), URI, 7)
    assert len(sent) == (1 if with_cursor else 3)
    assert applied(text, sent, encoding) == after(text, edits) == "x = 1\nb编 = 2\nend"


def test_the_cursor_stands_behind_the_longest_of_several_edits() -> None:
    text = "import os\n# $say\nx = 1\n"
    edits = [Edit(16, 16, "\ndef f():\n    return 1\n"), Edit(10, 10, "\n\n"), Edit(22, 22, "0")]
    (sent,) = text_edits(wire(text, edits, client(), with_cursor=True), URI)
    assert sent["snippet"]["value"] == "\n\n# \\$say\ndef f():\n    return 1$0\n\nx = 10"
    assert applied(text, [sent]) == after(text, edits)


def test_edits_that_lie_far_apart_leave_what_is_between_them_alone() -> None:
    text = "import os\n" + "#\n" * MAX_KEPT_CHARS + "x = 1\n"
    edits = [Edit(0, 0, "import re\n"), Edit(len(text), len(text), "y = 1\n")]
    sent = text_edits(wire(text, edits, client(), with_cursor=True), URI)
    assert all("newText" in edit for edit in sent)
    assert applied(text, sent) == after(text, edits)


def test_an_editor_without_versions_gets_plain_changes() -> None:
    sent = wire("a\n", [Edit(0, 1, "b$1")], client(capabilities={}), with_cursor=True)
    assert set(sent) == {"changes"}
    assert sent["changes"][URI][0]["newText"] == "b$1", "snippets cannot go there"


def test_a_snippet_begins_where_its_line_does() -> None:
    text = "class A:\n    def f(self):\n        pass\n"
    start = text.index("def")
    new = "def f(self):\n        return '${}'\n"
    (sent,) = text_edits(wire(text, [Edit(start, len(text), new)], client(), with_cursor=True), URI)
    assert sent["range"]["start"] == {"line": 1, "character": 0}
    assert sent["snippet"]["value"] == "    def f(self):\n        return '\\${\\}'$0\n"
    (sent,) = text_edits(wire("    # say\n", [Edit(9, 9, "\r\n    x = 1")], client(), with_cursor=True), URI)
    assert sent["snippet"]["value"] == "    # say\n    x = 1$0", "what stands before it stays"
    (sent,) = text_edits(wire("x = # say", [Edit(9, 9, "\ny")], client(), with_cursor=True), URI)
    assert sent["range"]["start"]["character"] == 9, "nothing there is indented"


@given(TEXTS)
def test_a_snippet_inserts_the_very_text(text: str) -> None:
    assert inserted(escaped(text)) == text


def test_a_new_document_overwrites_nothing() -> None:
    sent = make_converter().unstructure(new_document("file:///b.js", "a\r\nb\n"))
    create, fill = sent["documentChanges"]
    assert create["options"] == {"overwrite": False, "ignoreIfExists": False}
    assert fill["textDocument"] == {"uri": "file:///b.js", "version": None}
    assert fill["edits"][0]["newText"] == "a\nb\n"


@given(st.text(alphabet="ab\n\r𝄞", max_size=20))
def test_every_offset_has_a_place(text: str) -> None:
    document = Document(URI, "", 1, text)
    for offset in range(len(text) + 3):
        place = document.place(offset)
        back = document.offset(place)
        assert back == min(offset, len(text)) or text[back : offset + 1] == "\r\n"
