"""Whatever an editor sends: a clear error, nothing lost, and the server lives."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.editor import Editor, frame, inline_params, replacing

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
NOT_INITIALIZED = -32002


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"{nonsense"), PARSE_ERROR),
        (frame(b"\xff\xfe\xfd"), PARSE_ERROR),
        (frame(b"[" * 100_000), PARSE_ERROR),
        (frame([]), INVALID_REQUEST),
        (frame("text"), INVALID_REQUEST),
        (frame({"id": 1, "method": "shutdown"}), INVALID_REQUEST),
        (frame({"jsonrpc": "2.0", "id": None, "method": "shutdown"}), INVALID_REQUEST),
        (frame({"jsonrpc": "2.0", "id": 1, "method": 5}), INVALID_REQUEST),
        (b"Content-Length: many\r\n\r\n", PARSE_ERROR),
        (b"Content-Type: text\r\n\r\n", PARSE_ERROR),
    ],
)
def test_what_is_no_message_is_answered_with_an_error(editor: Editor, data: bytes, code: int) -> None:
    editor.received.clear()
    editor.send_bytes(data)
    assert editor.response(None)["error"]["code"] == code
    assert editor.complete(0, 0) == []


def test_stray_bytes_in_a_text_cost_only_themselves(editor: Editor) -> None:
    item = b'{"uri": "file:///stray.py", "languageId": "", "version": 1, "text": "a\xffb"}'
    opened = b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": %b}}' % item
    editor.send_bytes(frame(opened))
    assert editor.complete(0, 2, uri="file:///stray.py")[0]["insertText"] == "[v1 3 2 a\ufffd]0"


@pytest.mark.parametrize("bad", [b"Content-Length: x\r\n\r\n", b'Content-Length: 3\r\n\r\n{"a": 1}'])
def test_after_a_bad_message_the_next_one_is_read(editor: Editor, bad: bytes) -> None:
    editor.send_bytes(bad)
    editor.open("x", uri="file:///after.py")
    assert editor.complete(0, 1, uri="file:///after.py")


def test_an_unknown_method(editor: Editor) -> None:
    editor.notify("fimble/unknown", {"x": 1})
    editor.notify("$/unknown")
    assert editor.error("textDocument/hovering", {})["code"] == METHOD_NOT_FOUND
    assert editor.error("$/unknown")["code"] == METHOD_NOT_FOUND


@pytest.mark.parametrize(
    "params",
    [
        None,
        5,
        {},
        {"textDocument": {"uri": "file:///a"}},
        inline_params(0, 0, textDocument={}),
        inline_params(0, 0, textDocument=None),
        inline_params(0, 0, textDocument={"uri": 5}),
        inline_params(0, 0, textDocument={"uri": "file:///a", "version": "new"}),
        inline_params(-1, 0),
        inline_params(0, -1),
        inline_params(0, 2**40),
        inline_params(0, 0, position={"line": "one", "character": 0}),
        inline_params(0, 0, context={"triggerKind": 77}),
    ],
)
def test_wrong_parameters(editor: Editor, params: Any) -> None:
    error = editor.error("textDocument/inlineCompletion", params)
    assert error["code"] == INVALID_PARAMS
    assert "inlineCompletion: the parameters are not valid" in error["message"]


def test_wrong_parameters_of_a_notification_are_logged(editor: Editor) -> None:
    editor.notify("textDocument/didOpen", {"textDocument": {"uri": 7}})
    editor.wait_said("window/logMessage", "textDocument/didOpen is ignored")


def test_a_second_initialize(editor: Editor) -> None:
    assert editor.error("initialize", {"capabilities": {}})["code"] == INVALID_REQUEST


@pytest.mark.parametrize(("line", "character"), [(1, 0), (99, 0), (2**31 - 1, 2**31 - 1)])
def test_a_position_outside_the_document(editor: Editor, line: int, character: int) -> None:
    editor.open("x", uri="file:///outside.py")
    assert editor.complete(line, character, uri="file:///outside.py") == []
    editor.wait_said("window/logMessage", f"outside.py:{line + 1}:{character + 1}: no suggestion: the position is")


def test_a_column_past_the_line_means_its_end(editor: Editor) -> None:
    editor.open("ab\ncd", uri="file:///past.py")
    (item,) = editor.complete(0, 99, uri="file:///past.py")
    assert item["range"]["start"] == {"line": 0, "character": 2}


def test_a_document_that_was_never_opened(editor: Editor) -> None:
    uri = "file:///never.py"
    assert editor.complete(0, 0, uri=uri) == []
    editor.change(2, replacing((0, 0), (0, 0), "x"), uri=uri)
    editor.close_document(uri)
    assert editor.complete(0, 0, uri=uri) == []
    editor.wait_said("window/logMessage", "never.py:1:1: no suggestion: the document is not open")


def test_a_response_to_nothing(editor: Editor) -> None:
    editor.send_bytes(frame({"jsonrpc": "2.0", "id": "who", "result": 1}))
    editor.send_bytes(frame({"jsonrpc": "2.0", "result": 1}))
    editor.send_bytes(frame({"jsonrpc": "2.0", "id": 7, "error": {"code": 1}}))
    editor.notify("$/cancelRequest", {"id": "nothing"})
    editor.notify("$/cancelRequest", {})
    editor.open("ab", uri="file:///after-nothing.py")
    assert editor.complete(0, 2, uri="file:///after-nothing.py"), "the server goes on answering"


def test_a_feature_that_fails() -> None:
    with Editor() as editor:
        editor.start()
        editor.open("boom")
        assert editor.complete(0, 4) == []
        editor.wait_said("window/logMessage", "the engine failed (RuntimeError: the script says so)")
        editor.change(2, replacing((0, 0), (0, 4), "well"))
        assert editor.complete(0, 4)


def test_a_file_of_10_mb(editor: Editor) -> None:
    line = "x = 'a line of a file that nobody should have'\n"
    uri = "file:///big.py"
    editor.open(line * (10_000_000 // len(line)), uri=uri)
    started_s = time.perf_counter()
    assert editor.complete(5, 5, uri=uri) == []
    assert time.perf_counter() - started_s < 3
    editor.wait_said("window/logMessage", "big.py:6:6: no suggestion: the document is too large (9.")
    for version in range(2, 102):
        editor.change(version, replacing((100_000, 0), (100_000, 0), "y"), uri=uri)
    started_s = time.perf_counter()
    assert editor.complete(5, 5, uri=uri) == []
    assert time.perf_counter() - started_s < 1
    editor.change(200, {"text": "small"}, uri=uri)
    assert editor.complete(0, 5, uri=uri)


def test_a_file_of_10_mb_costs_little_memory() -> None:
    with Editor() as editor:
        editor.start()
        editor.open("y" * 79 + "\n")
        editor.open(("x" * 79 + "\n") * 125_000, uri="file:///big.py")
        assert editor.complete(0, 0, uri="file:///big.py") == []
        status = Path(f"/proc/{editor.process.pid}/status").read_text()
        peak_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
        assert peak_kib < 250 * 1024
        assert editor.shut_down() == 0


def test_requests_before_initialize() -> None:
    with Editor() as editor:
        editor.open("too early")
        assert editor.error("textDocument/inlineCompletion", inline_params(0, 0))["code"] == NOT_INITIALIZED
        assert editor.error("shutdown")["code"] == NOT_INITIALIZED
        assert editor.error("initialize", {})["code"] == INVALID_PARAMS
        editor.send_bytes(frame(b"{"))
        assert editor.response(None)["error"]["code"] == PARSE_ERROR
        editor.start()
        assert editor.complete(0, 0) == []
        editor.open("x")
        assert editor.complete(0, 1)


def test_requests_after_shutdown() -> None:
    with Editor() as editor:
        editor.start()
        assert editor.request("shutdown") is None
        assert editor.error("shutdown")["code"] == INVALID_REQUEST
        assert editor.error("initialize", {"capabilities": {}})["code"] == INVALID_REQUEST
        assert editor.error("textDocument/inlineCompletion", inline_params(0, 0))["code"] == INVALID_REQUEST
        editor.open("ignored")
        editor.notify("exit")
        assert editor.process.wait(2) == 0
        assert "Traceback" not in editor.stderr


def test_options_that_mean_nothing_are_told_and_the_rest_is_taken() -> None:
    with Editor() as editor:
        options = {"max_document_mb": "huge", "provider": "tpu", "colour": "red", "model": "mine"}
        editor.initialize(initializationOptions=options)
        editor.wait_said("window/logMessage", "reading mine")
        for words in ("max_document_mb must be", "provider must be", "colour is not an option"):
            message = editor.wait_said("window/showMessage", words)
            assert message["type"] == 2
            assert "it is ignored" in message["message"]


def test_options_that_are_no_object() -> None:
    with Editor() as editor:
        editor.initialize(initializationOptions=["provider"])
        assert "must be an object" in editor.wait_said("window/showMessage", "initializationOptions")["message"]


def test_a_header_cut_off_by_the_end() -> None:
    with Editor() as editor:
        editor.send_bytes(b"Content-Length: 100\r\n\r\n{")
        assert editor.process.stdin is not None
        editor.process.stdin.close()
        assert editor.process.wait(5) == 1
        assert editor.stderr == ""
