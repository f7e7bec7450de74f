from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from fimble.daemon.desk import Desk
from fimble.lsp.documents import Document

URI = "file:///a.py"
TEXT = st.text(st.sampled_from("ab\r\n😀é\u2028\ud83d"), max_size=12)
POSITION = st.tuples(st.integers(0, 5), st.integers(0, 8))
CHANGES = st.lists(st.tuples(POSITION, POSITION, TEXT) | TEXT, max_size=6)


def item(text: str, uri: str = URI, version: int = 1) -> dict[str, Any]:
    return {"uri": uri, "languageId": "python", "version": version, "text": text}


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    ends = {
        name: {"line": line, "character": character} for name, (line, character) in (("start", start), ("end", end))
    }
    return {"range": ends, "text": text}


def texts(desk: Desk) -> dict[str, str]:
    return {
        params["textDocument"]["uri"]: params["textDocument"]["text"]
        for method, params in desk.opening()
        if method == "textDocument/didOpen"
    }


@given(TEXT, CHANGES, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_it_knows_the_text_that_the_server_knows(text: str, edits: list[Any], encoding: str) -> None:
    desk, document = Desk(), Document(URI, "python", 1, text)
    desk.encoding = encoding
    desk.open(item(text))
    said = [{"text": edit} if isinstance(edit, str) else change(*edit) for edit in edits]
    desk.change({"uri": URI, "version": 7}, said)
    understood: list[Any] = [
        types.TextDocumentContentChangeWholeDocument(edit)
        if isinstance(edit, str)
        else types.TextDocumentContentChangePartial(
            types.Range(types.Position(*edit[0]), types.Position(*edit[1])), edit[2]
        )
        for edit in edits
    ]
    document.change(7, understood, encoding)
    ((_, params),) = desk.opening()
    assert params["textDocument"] == item(document.snapshot().text, version=7)


@pytest.mark.parametrize(
    "changes",
    [
        None,
        [None],
        [{}],
        [{"text": 1}],
        [{"text": "x"}, {"text": "y", "range": {"start": {"line": -1, "character": 0}}}],
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(changes: Any) -> None:
    desk = Desk()
    desk.open(item("one"))
    with pytest.raises(ValueError):
        desk.change({"uri": URI, "version": 2}, changes)
    assert texts(desk) == {URI: "one"}


def test_changes_of_what_is_not_open_are_passed_over() -> None:
    desk = Desk()
    desk.change({"uri": URI, "version": 2}, [{"text": "x"}])
    desk.close({"uri": URI})
    assert desk.opening() == []


def test_documents_are_opened_in_the_order_of_their_last_opening() -> None:
    desk = Desk()
    for name in ("a", "b", "a"):
        desk.open(item(name, uri=name))
    assert list(texts(desk)) == ["b", "a"]


def test_a_notebook_is_opened_with_its_cells_as_they_are_now() -> None:
    desk = Desk()
    cells = [{"kind": 2, "document": name} for name in ("c1", "c2")]
    notebook = {"uri": "n", "notebookType": "jupyter", "version": 1, "cells": cells}
    desk.open_notebook(notebook, [item("one", "c1"), item("two", "c2")])
    desk.change_notebook(
        {"uri": "n", "version": 5},
        {
            "metadata": {"a": 1},
            "cells": {
                "structure": {
                    "array": {"start": 1, "deleteCount": 1, "cells": [{"kind": 2, "document": "c3"}]},
                    "didOpen": [item("three", "c3")],
                    "didClose": [{"uri": "c2"}],
                },
                "data": [{"kind": 1, "document": "c1"}],
                "textContent": [{"document": {"uri": "c1", "version": 2}, "changes": [change((0, 0), (0, 3), "ONE")]}],
            },
        },
    )
    ((method, params),) = desk.opening()
    assert method == "notebookDocument/didOpen"
    assert params["notebookDocument"] == {
        "uri": "n",
        "notebookType": "jupyter",
        "version": 5,
        "metadata": {"a": 1},
        "cells": [{"kind": 1, "document": "c1"}, {"kind": 2, "document": "c3"}],
    }
    assert params["cellTextDocuments"] == [item("ONE", "c1", 2), item("three", "c3")]
    desk.close_notebook({"uri": "n"}, [{"uri": "c1"}, {"uri": "c3"}])
    assert desk.opening() == []
