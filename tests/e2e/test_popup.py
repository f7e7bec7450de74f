"""Completion popups: of editors without inline completion, and out of everybody else's way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.editor import REAL_SERVER, TIMEOUT_S, Editor, replacing
from tests.e2e.profiles import PROFILES, read_profile

URI = "file:///project/popup.py"
NUM_ASKS = 10
"""How often to ask, at most: a slow machine cannot finish the line at the first request."""
ENTRY: dict[str, Any] = {
    "labelDetailsSupport": True,
    "documentationFormat": ["markdown", "plaintext"],
    "insertTextModeSupport": {"valueSet": [1, 2]},
    "resolveSupport": {"properties": ["documentation"]},
}


def capabilities(encoding: str = "utf-16", **entry: Any) -> dict[str, Any]:
    """An editor like Helix or eglot: a popup, and no inline completion."""
    return {
        "general": {"positionEncodings": [encoding]},
        "textDocument": {"completion": {"completionItem": entry, "contextSupport": True}},
    }


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Editor]:
    with Editor("--log-level", "info") as editor:
        yield editor.start(capabilities=capabilities(**ENTRY))


def ask(editor: Editor, line: int, character: int, uri: str = URI) -> int:
    params = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
    return editor.ask("textDocument/completion", {**params, "context": {"triggerKind": 1}})


def popup(editor: Editor, line: int, character: int, uri: str = URI, timeout_s: float = TIMEOUT_S) -> Any:
    response = editor.response(ask(editor, line, character, uri), timeout_s)
    assert "error" not in response, response
    return response["result"]


def span(line: int, start: int, end: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def test_a_popup_is_offered_for_a_dot_with_resolve(editor: Editor) -> None:
    provider = editor.capabilities["completionProvider"]
    assert (provider["triggerCharacters"], provider["resolveProvider"]) == (["."], True)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_editors_that_say_they_show_inline_are_offered_none(name: str) -> None:
    profile = read_profile(name)
    says_inline = "inlineCompletion" in profile["capabilities"]["textDocument"]
    with Editor() as editor:
        offered = editor.initialize(**profile)
        assert ("completionProvider" in offered) is not says_inline
        assert offered["inlineCompletionProvider"] == {}


def test_an_editor_that_asks_inline_gets_no_popup() -> None:
    with Editor() as editor:
        editor.start(capabilities=capabilities(**ENTRY))
        editor.open("pri\n", URI)
        assert popup(editor, 0, 3)["items"]
        assert editor.complete(0, 3, URI)
        assert popup(editor, 0, 3) == {"isIncomplete": False, "items": []}


def test_an_entry_has_all_that_an_editor_needs(editor: Editor) -> None:
    editor.open("x = 1\n    pri\n", URI)
    result = popup(editor, 1, 7)
    assert result["isIncomplete"] is True
    first = result["items"][0]
    text = "pri[v1 14 13     pri]0"
    assert first == {
        "label": "pri[v1 14 13 pri]0",
        "labelDetails": {"description": "fimble"},
        "kind": 1,
        "sortText": "~~fimble0",
        "filterText": "pri[v1 14 13 pri]0",
        "insertTextFormat": 1,
        "insertTextMode": 1,
        "textEdit": {"range": span(1, 4, 7), "newText": text},
        "data": {"language": "python", "indent": "    "},
    }


def test_an_entry_sorts_below_the_languages_own(editor: Editor) -> None:
    editor.open("pri\n", URI)
    for item in popup(editor, 0, 3)["items"]:
        assert all(item["sortText"] > other for other in ("print", "zzzz", "09.9999", "ffffffff", "_private"))
        assert "preselect" not in item
        assert "additionalTextEdits" not in item


def test_resolve_adds_a_preview(editor: Editor) -> None:
    editor.open("    pri\n", URI)
    (item, *_) = popup(editor, 0, 7)["items"]
    assert "documentation" not in item
    resolved = editor.request("completionItem/resolve", item)
    text = item["textEdit"]["newText"]
    assert resolved == {**item, "documentation": {"kind": "markdown", "value": f"```python\n{text}\n```"}}


def test_resolve_gives_back_what_is_not_ours(editor: Editor) -> None:
    item = {"label": "print", "data": 3}
    assert editor.request("completionItem/resolve", item) == item


def test_a_plain_editor_gets_plain_entries() -> None:
    with Editor() as editor:
        editor.start(capabilities={})
        editor.open("pri\n", URI)
        (item, *_) = popup(editor, 0, 3)["items"]
        assert "labelDetails" not in item and "insertTextMode" not in item
        assert item["detail"] == "fimble"
        assert editor.request("completionItem/resolve", item)["documentation"]["kind"] == "plaintext"


@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 8), ("utf-16", 6), ("utf-32", 5)])
def test_columns_count_in_the_units_agreed_on(encoding: str, start: int) -> None:
    with Editor() as editor:
        editor.start(capabilities=capabilities(encoding, **ENTRY))
        editor.open("'😀';naïf\n", URI)
        width = 5 if encoding == "utf-8" else 4
        begin = start - 1
        item = popup(editor, 0, begin + width)["items"][0]
        assert item["textEdit"]["range"] == span(0, begin, begin + width)
        assert item["textEdit"]["newText"].startswith("naïf[v1 9 8 ")


def test_no_answer_is_an_empty_list_that_is_asked_again(editor: Editor) -> None:
    editor.open("none\n", URI)
    assert popup(editor, 0, 4) == {"isIncomplete": True, "items": []}
    why = editor.request("fimble/why", {"textDocument": {"uri": URI}})
    assert why["reasonCode"] == "EMPTY"
    assert popup(editor, 9, 0)["items"] == []
    assert editor.request("fimble/why", {})["reasonCode"] == "OUTSIDE"
    assert popup(editor, 0, 0, "file:///nowhere.py")["items"] == []
    assert editor.request("fimble/why", {})["reasonCode"] == "NOT_OPEN"


def test_a_change_drops_what_was_asked_before(editor: Editor) -> None:
    editor.open("slow\n", URI)
    asked = ask(editor, 0, 4)
    editor.change(2, replacing((0, 4), (0, 4), "er"), uri=URI)
    assert editor.response(asked)["result"]["items"] == []
    assert editor.request("fimble/why", {"textDocument": {"uri": URI}})["reasonCode"] == "STALE"


def test_a_cancelled_request_is_answered(editor: Editor) -> None:
    editor.open("slow\n", URI)
    asked = ask(editor, 0, 4)
    editor.notify("$/cancelRequest", {"id": asked})
    assert editor.response(asked)["error"]["code"] == -32800
    assert editor.request("fimble/why", {"textDocument": {"uri": URI}})["reasonCode"] == "CANCELLED"


@pytest.mark.real_model
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_the_real_model_in_a_popup(default_model: str, encoding: str) -> None:
    """As Neovim 0.11, Helix and eglot ask; each entry, put in as told, continues the line."""
    before = 'print("😀", ad'
    text = f"def add(a, b):\n    return a + b\n\n\n{before}\n"
    units = {"utf-8": len(before.encode()), "utf-16": len(before) + 1, "utf-32": len(before)}[encoding]
    with Editor(command=[*REAL_SERVER, "--stdio"]) as editor:
        editor.initialize(capabilities=capabilities(encoding, **ENTRY), initializationOptions={"eagerness": 100})
        editor.wait_ready(120.0)
        editor.open(text, URI)
        for _ in range(NUM_ASKS):
            items = popup(editor, 4, units)["items"]
            why = editor.request("fimble/why", {})
            if why["reasonCode"] != "TOO_LONG":
                break
        assert items, why
        for item in items:
            assert item["textEdit"]["range"] == span(4, units - 2, units)
            assert item["textEdit"]["newText"].startswith("add(")
            assert item["filterText"].startswith("add(")
        resolved = editor.request("completionItem/resolve", items[0])
        assert resolved["documentation"]["value"].startswith("```python\nadd(")
        assert editor.shut_down() == 0
