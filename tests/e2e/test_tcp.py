"""TCP on loopback: nobody without the token is told anything."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.editor import Editor, frame

REQUEST_FAILED = -32803


@pytest.fixture
def editor() -> Iterator[Editor]:
    with Editor("--tcp", "0") as own:
        yield own
        assert "Traceback" not in own.stderr


def announced(editor: Editor) -> dict[str, Any]:
    assert editor.process.stdout is not None
    line: dict[str, Any] = json.loads(editor.process.stdout.readline())
    return line


def initialize(options: object, msg_id: int = 1) -> bytes:
    params = {"processId": None, "capabilities": {}, "initializationOptions": options}
    return frame({"jsonrpc": "2.0", "id": msg_id, "method": "initialize", "params": params})


def refused(port: int, data: bytes) -> bytes:
    """Everything that the server says to a stranger until it hangs up."""
    with socket.create_connection(("127.0.0.1", port), 10) as stranger:
        stranger.sendall(data)
        return b"".join(iter(lambda: stranger.recv(4096), b""))


def test_an_editor_with_the_token_is_served(editor: Editor) -> None:
    line = announced(editor)
    assert sorted(line) == ["port", "token"]
    assert len(line["token"]) >= 32
    editor.connect(line["port"])
    editor.start(initializationOptions={"token": line["token"], "provider": "cpu"})
    assert [m["message"] for m in editor.said("window/showMessage") if m["type"] != 3] == []
    editor.open("x")
    assert editor.complete(0, 1)
    assert editor.shut_down() == 0
    editor.wait_closed()


@pytest.mark.parametrize(
    "data",
    [
        initialize({"token": "wrong"}),
        initialize({"token": ""}),
        initialize({"token": None}),
        initialize({"token": "\udfff"}),
        initialize({}),
        initialize(None),
        initialize([]),
        frame({"jsonrpc": "2.0", "id": 1, "method": "shutdown"}),
        frame({"jsonrpc": "2.0", "method": "exit"}),
        frame(b"{"),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"Content-Length: 99999999\r\n\r\n",
    ],
)
def test_a_stranger_gets_one_error(shared_listener: tuple[Editor, int, str], data: bytes) -> None:
    _, port, token = shared_listener
    answer = refused(port, data)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == REQUEST_FAILED
    assert token.encode() not in answer


@pytest.fixture(scope="module")
def shared_listener() -> Iterator[tuple[Editor, int, str]]:
    """One server for all strangers; at the end its own editor must still be let in."""
    with Editor("--tcp", "0", environ={"FIMBLE_TOKEN": "open sesame"}) as editor:
        line = announced(editor)
        yield editor, line["port"], line["token"]
        with socket.create_connection(("127.0.0.1", line["port"])):
            editor.connect(line["port"])
            editor.start(initializationOptions={"token": "open sesame"})
            assert editor.shut_down() == 0


def test_the_token_of_the_environment_is_used(shared_listener: tuple[Editor, int, str]) -> None:
    assert shared_listener[2] == "open sesame"


def test_the_port_is_open_on_loopback_only(shared_listener: tuple[Editor, int, str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.2", shared_listener[1]))


def test_an_editor_that_hangs_up_ends_the_server(editor: Editor) -> None:
    line = announced(editor)
    editor.connect(line["port"])
    editor.start(initializationOptions={"token": line["token"]})
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", line["port"]))
    assert editor.socket is not None
    editor.socket.shutdown(socket.SHUT_RDWR)
    assert editor.process.wait(2) == 1


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Editor("--tcp", str(port)) as editor:
            assert editor.process.wait(10) != 0
            assert f"Port {port} cannot be opened" in editor.stderr
