"""Inline completion as the editors ask for it, with a scripted feature in the model's place."""

from __future__ import annotations

import pytest

from tests.e2e.editor import Editor, replacing
from tests.e2e.profiles import PROFILES, read_profile

UNITS = {"utf-8": 4, "utf-16": 2, "utf-32": 1}


def test_automatic_gets_one_item_and_invoked_three(editor: Editor) -> None:
    editor.open("ab", uri="file:///kinds.py")
    assert len(editor.complete(0, 2, uri="file:///kinds.py")) == 1
    items = editor.complete(0, 2, uri="file:///kinds.py", invoked=True)
    assert [item["insertText"] for item in items] == [f"[v1 2 2 ab]{i}" for i in range(3)]


def test_an_item_has_text_and_range_and_nothing_else(editor: Editor) -> None:
    editor.open("ab\ncd", uri="file:///item.py")
    position = {"line": 1, "character": 1}
    assert editor.complete(1, 1, uri="file:///item.py") == [
        {"insertText": "[v1 5 4 c]0", "range": {"start": position, "end": position}}
    ]


def test_nothing_to_add_is_an_empty_list_with_its_reason_in_the_log(editor: Editor) -> None:
    editor.open("none", uri="file:///none.py")
    assert editor.response(editor.ask_completion(0, 4, uri="file:///none.py"))["result"] == {"items": []}
    said = editor.wait_said("window/logMessage", "none.py:1:5: no suggestion: the model had nothing to add")
    assert said["type"] == 4
    assert said["message"].endswith(" ms")


def test_an_entry_selected_in_the_popup_is_extended_in_its_range(editor: Editor) -> None:
    editor.open("import nu\n", uri="file:///popup.py")
    span = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 9}}
    context = {"triggerKind": 2, "selectedCompletionInfo": {"range": span, "text": "numpy"}}
    (item,) = editor.complete(0, 9, uri="file:///popup.py", context=context)
    assert item == {"insertText": "numpy[v1 13 12 import numpy]0", "range": span}


def test_a_request_for_another_version_is_stale(editor: Editor) -> None:
    uri = "file:///version.py"
    editor.open("a", uri=uri, version=4)
    assert editor.complete(0, 1, textDocument={"uri": uri, "version": 4})
    assert editor.complete(0, 1, textDocument={"uri": uri, "version": 3}) == []
    editor.wait_said("window/logMessage", "asked for version 3, the document is at 4")


def test_edits_are_followed(editor: Editor) -> None:
    uri = "file:///edits.py"
    editor.open("a\r\nb\rc\n", uri=uri)
    editor.change(2, replacing((1, 1), (1, 1), "X"), replacing((0, 1), (1, 0), ""), uri=uri)
    (item,) = editor.complete(0, 3, uri=uri)
    assert item["insertText"].startswith("[v2 6 3 abX")
    editor.change(3, {"text": "new"}, uri=uri)
    assert editor.complete(0, 3, uri=uri)[0]["insertText"] == "[v3 3 3 new]0"


def test_a_document_opened_again_starts_anew(editor: Editor) -> None:
    editor.open("one", uri="file:///again.py")
    editor.close_document("file:///again.py")
    assert editor.complete(0, 1, uri="file:///again.py") == []
    editor.open("two", uri="file:///again.py")
    assert editor.complete(0, 3, uri="file:///again.py")[0]["insertText"] == "[v1 3 3 two]0"


def test_a_request_sees_the_document_as_it_was_when_it_came(editor: Editor) -> None:
    uri = "file:///race.py"
    editor.open("slow", uri=uri)
    asked = editor.ask_completion(0, 4, uri=uri)
    editor.change(2, replacing((0, 0), (0, 4), ""), uri=uri)
    assert editor.items(asked) == []
    editor.wait_said("window/logMessage", "race.py:1:5: no suggestion: the document changed")


@pytest.mark.parametrize("encoding", sorted(UNITS))
def test_columns_count_in_the_units_agreed_on(encoding: str) -> None:
    with Editor() as editor:
        editor.start(capabilities={"general": {"positionEncodings": [encoding]}})
        assert editor.capabilities["positionEncoding"] == encoding
        editor.open("😀 = x\n")
        after_smile = UNITS[encoding]
        (item,) = editor.complete(0, after_smile)
        assert item["insertText"] == "[v1 6 1 😀]0"
        assert item["range"]["start"]["character"] == after_smile
        editor.change(2, replacing((0, after_smile + 3), (0, after_smile + 4), "é😀"))
        (item,) = editor.complete(0, 99)
        assert item["insertText"] == "[v2 7 6 😀 = é😀]0"


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_real_editors_are_served(name: str) -> None:
    profile = read_profile(name)
    with Editor("--load-s", "0.2") as editor:
        editor.start(**profile)
        assert editor.capabilities["inlineCompletionProvider"] == {}
        offered = profile["capabilities"]["general"]["positionEncodings"]
        assert editor.capabilities["positionEncoding"] == offered[0]
        editor.wait_said("$/progress", '"end"')
        editor.open("def f(")
        assert editor.complete(0, 6)
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr
