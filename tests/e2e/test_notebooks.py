"""Notebooks: cells come, go and change; each is completed after those above it."""

from __future__ import annotations

from typing import Any

from tests.e2e.editor import Editor, replacing

BOOK = "file:///project/book.ipynb"
CODE, MARKUP = 2, 1


def cell_uri(name: str) -> str:
    return f"vscode-notebook-cell:/project/book.ipynb#{name}"


def item(name: str, text: str, language: str = "python") -> dict[str, Any]:
    return {"uri": cell_uri(name), "languageId": language, "version": 1, "text": text}


def cell(name: str, kind: int = CODE) -> dict[str, Any]:
    return {"kind": kind, "document": cell_uri(name)}


def open_book(editor: Editor) -> None:
    cells = [cell("a"), cell("m", MARKUP), cell("b"), cell("c")]
    texts = [item("a", "one = 1"), item("m", "# Words", "markdown"), item("b", "two = 2\n"), item("c", "x")]
    book = {"uri": BOOK, "notebookType": "jupyter-notebook", "version": 1, "cells": cells}
    editor.notify("notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": texts})


def change(editor: Editor, **cells: Any) -> None:
    params = {"notebookDocument": {"uri": BOOK, "version": 2}, "change": {"cells": cells}}
    editor.notify("notebookDocument/didChange", params)


def shown(editor: Editor, name: str, line: int, character: int) -> str:
    """Which text the model saw: its length, and the offset of the cursor."""
    (found,) = editor.complete(line, character, uri=cell_uri(name))
    assert found["range"]["start"] == {"line": line, "character": character}
    words = found["insertText"].split()
    return f"{words[1]} {words[2]}"


def test_a_cell_is_completed_after_the_cells_above() -> None:
    with Editor() as editor:
        editor.start()
        assert editor.capabilities["notebookDocumentSync"] == {"notebookSelector": [{"notebook": "*"}]}
        open_book(editor)
        assert shown(editor, "a", 0, 7) == "7 7"
        assert shown(editor, "b", 0, 3) == "16 11"
        assert shown(editor, "c", 0, 1) == "17 17"
        assert shown(editor, "m", 0, 7) == "7 7"


def test_cells_are_edited_inserted_moved_and_deleted() -> None:
    with Editor() as editor:
        editor.start()
        open_book(editor)
        edit = {"document": {"uri": cell_uri("a"), "version": 2}, "changes": [replacing((0, 7), (0, 7), "00")]}
        change(editor, textContent=[edit])
        assert shown(editor, "c", 0, 1) == "19 19"
        array = {"start": 0, "deleteCount": 0, "cells": [cell("n")]}
        change(editor, structure={"array": array, "didOpen": [item("n", "new()")]})
        assert shown(editor, "c", 0, 1) == "25 25"
        array = {"start": 1, "deleteCount": 1}
        change(editor, structure={"array": array, "didClose": [{"uri": cell_uri("a")}]})
        assert shown(editor, "c", 0, 1) == "15 15"
        assert editor.complete(0, 1, uri=cell_uri("a")) == []


def test_a_closed_notebook_is_forgotten() -> None:
    with Editor() as editor:
        editor.start()
        open_book(editor)
        gone = [{"uri": cell_uri(name)} for name in "ambc"]
        params = {"notebookDocument": {"uri": BOOK}, "cellTextDocuments": gone}
        editor.notify("notebookDocument/didClose", params)
        assert editor.complete(0, 1, uri=cell_uri("c")) == []
        change(editor, structure={"array": {"start": 0, "deleteCount": 0, "cells": [cell("c")]}})
        editor.open("x", uri=cell_uri("c"))
        assert shown(editor, "c", 0, 1) == "1 1"
