"""``fimble/why``: what the last answers came to."""

from __future__ import annotations

from tests.e2e.editor import Editor

URI = "file:///project/why.py"
OTHER = "file:///project/why_other.py"


def why(editor: Editor, **params: object) -> dict[str, object] | None:
    answer: dict[str, object] | None = editor.request("fimble/why", params)
    return answer


def test_nothing_was_asked_yet() -> None:
    with Editor() as editor:
        editor.start()
        assert editor.request("fimble/why") is None
        assert why(editor) is None


def test_the_last_answer_of_a_document(editor: Editor) -> None:
    editor.open("x = 1\nnone\n", URI)
    assert editor.complete(0, 5, URI)
    shown = why(editor, textDocument={"uri": URI})
    assert shown is not None
    assert 0 <= float(str(shown.pop("latencyMs"))) < 60_000
    assert shown == {
        "uri": URI,
        "position": {"line": 0, "character": 5},
        "reason": None,
        "reasonCode": None,
        "detail": "",
        "source": "model",
        "numPromptTokens": 0,
        "numReusedTokens": 0,
        "numGeneratedTokens": 0,
        "confidence": 1.0,
        "shown": True,
        "adapter": None,
        "context": [],
        "numRunTokens": 0,
        "endpoint": None,
    }
    assert editor.complete(1, 4, URI) == []
    nothing = why(editor, textDocument={"uri": URI})
    assert nothing is not None
    assert (nothing["shown"], nothing["reasonCode"], nothing["confidence"]) == (False, "EMPTY", None)
    assert nothing["reason"] == "the model had nothing to add"


def test_a_position_finds_its_own_answer(editor: Editor) -> None:
    editor.open("x = 1\nnone\n", URI)
    editor.complete(0, 5, URI)
    editor.complete(1, 4, URI)
    first = why(editor, textDocument={"uri": URI}, position={"line": 0, "character": 5})
    assert first is not None and first["position"] == {"line": 0, "character": 5}
    nowhere = why(editor, textDocument={"uri": URI}, position={"line": 0, "character": 1})
    assert nowhere is not None and nowhere["position"] == {"line": 1, "character": 4}


def test_documents_are_told_apart(editor: Editor) -> None:
    assert why(editor, textDocument={"uri": OTHER}) is None
    assert editor.complete(0, 0, OTHER) == []
    answer = why(editor, textDocument={"uri": OTHER})
    assert answer is not None and answer["reasonCode"] == "NOT_OPEN"
    assert why(editor) == answer


def test_parameters_that_mean_nothing_are_refused(editor: Editor) -> None:
    assert editor.error("fimble/why", {"textDocument": 3})["code"] == -32602
