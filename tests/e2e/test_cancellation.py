"""What nobody wants any more stops, and stops at once."""

from __future__ import annotations

import random
import time

from tests.e2e.editor import Editor, replacing

REQUEST_CANCELLED = -32800


def wait_stderr(editor: Editor, text: str) -> None:
    deadline_s = time.monotonic() + 5
    while text not in editor.stderr:
        assert time.monotonic() < deadline_s, editor.stderr
        time.sleep(0.01)


def test_a_cancelled_request_frees_the_engine(editor: Editor) -> None:
    editor.open("a1 slow")
    asked = editor.ask_completion(0, 7)
    wait_stderr(editor, "begun a1 slow")
    editor.open("quick", uri="file:///b.py")
    started_s = time.perf_counter()
    editor.notify("$/cancelRequest", {"id": asked})
    assert editor.complete(0, 5, uri="file:///b.py")
    assert time.perf_counter() - started_s < 0.5
    assert editor.response(asked)["error"]["code"] == REQUEST_CANCELLED
    assert "cancelled a1 slow" in editor.stderr
    editor.wait_said("window/logMessage", "main.py:1:8: no suggestion: the request was cancelled")


def test_a_cancelled_request_that_waits_never_begins(editor: Editor) -> None:
    editor.open("b1 slow")
    editor.open("b2 slow", uri="file:///b.py")
    first = editor.ask_completion(0, 7)
    wait_stderr(editor, "begun b1 slow")
    second = editor.ask_completion(0, 7, uri="file:///b.py")
    editor.notify("$/cancelRequest", {"id": second})
    assert editor.response(second)["error"]["code"] == REQUEST_CANCELLED
    editor.notify("$/cancelRequest", {"id": first})
    editor.response(first)
    editor.open("quick", uri="file:///c.py")
    assert editor.complete(0, 5, uri="file:///c.py")
    assert "begun b2" not in editor.stderr


def test_the_latest_request_of_a_document_wins(editor: Editor) -> None:
    editor.open("c1 slow\nquick")
    older = editor.ask_completion(0, 7)
    wait_stderr(editor, "begun c1 slow")
    newer = editor.ask_completion(1, 5)
    assert editor.items(older) == []
    assert editor.items(newer)[0]["insertText"].startswith("[v1 13 13 quick]")
    editor.wait_said("window/logMessage", "main.py:1:8: no suggestion: a newer request took its place")


def test_requests_of_two_documents_both_get_their_answer(editor: Editor) -> None:
    editor.open("one")
    editor.open("two", uri="file:///b.py")
    asked = [editor.ask_completion(0, 3), editor.ask_completion(0, 3, uri="file:///b.py")]
    texts = [editor.items(one)[0]["insertText"] for one in asked]
    assert texts == ["[v1 3 3 one]0", "[v1 3 3 two]0"]


def test_an_answer_to_an_older_text_is_dropped(editor: Editor) -> None:
    editor.open("e1 slow")
    asked = editor.ask_completion(0, 7)
    wait_stderr(editor, "begun e1 slow")
    editor.change(2, replacing((0, 7), (0, 7), "er"))
    assert editor.items(asked, timeout_s=1) == []
    assert editor.complete(0, 9)[0]["insertText"] == "[v2 9 9 e1 slower]0"


def test_closing_a_document_cancels(editor: Editor) -> None:
    editor.open("f1 slow")
    asked = editor.ask_completion(0, 7)
    wait_stderr(editor, "begun f1 slow")
    editor.close_document()
    assert editor.items(asked, timeout_s=1) == []
    wait_stderr(editor, "cancelled f1 slow")


def test_a_storm_of_keystrokes_and_cancellations(editor: Editor) -> None:
    choice = random.Random(11)
    text = "slow"
    editor.open(text)
    asked: list[int] = []
    for version in range(2, 302):
        text += choice.choice("ab")
        editor.change(version, {"text": text + " slow"})
        asked.append(editor.ask_completion(0, len(text) + 5))
        if choice.random() < 0.7:
            editor.notify("$/cancelRequest", {"id": asked[-1]})
    editor.change(302, {"text": text})
    last = editor.complete(0, len(text))
    assert last[0]["insertText"] == f"[v302 {len(text)} {len(text)} {text}]0"
    for msg_id in asked:
        response = editor.response(msg_id)
        assert response.get("result") == {"items": []} or response["error"]["code"] == REQUEST_CANCELLED
    answered = [m["id"] for m in editor.received if "method" not in m]
    assert len(answered) == len(set(answered))


def test_shutdown_while_a_request_runs() -> None:
    with Editor() as editor:
        editor.start()
        editor.open("slow")
        asked = editor.ask_completion(0, 4)
        wait_stderr(editor, "begun slow")
        assert editor.shut_down() == 0
        assert editor.response(asked)["error"]["code"] == REQUEST_CANCELLED
        assert "Traceback" not in editor.stderr
