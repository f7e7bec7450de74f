from __future__ import annotations

import json
from typing import Any

from fimble.daemon.relay import Relay
from fimble.daemon.wire import MOVE, Server
from fimble.lsp.framing import BadFrame, FrameReader

INIT = {"capabilities": {}, "processId": 7, "rootUri": "file:///p"}
RESULT = {"capabilities": {"positionEncoding": "utf-8"}}
COMPLETION, COMMAND = "textDocument/inlineCompletion", "workspace/executeCommand"


class Between:
    """Both ends of a relay."""

    def __init__(self) -> None:
        self.relay = Relay()

    def editor(self, method: str | None = None, params: Any = None, **more: Any) -> None:
        self.relay.from_editor(body(method, params, **more))

    def server(self, method: str | None = None, params: Any = None, **more: Any) -> None:
        self.relay.from_server(body(method, params, **more))

    def at_editor(self) -> list[dict[str, Any]]:
        return taken(self.relay.to_editor)

    def at_server(self) -> list[dict[str, Any]]:
        return taken(self.relay.to_server)

    def exchange(self, *answered: Any) -> list[dict[str, Any]]:
        """The server answers each request that it has; what it was told."""
        told = self.at_server()
        for message in told:
            if "id" in message and "method" in message:
                self.server(id=message["id"], result=RESULT if message["method"] == "initialize" else None)
        return told


def body(method: str | None, params: Any, **more: Any) -> bytes:
    said = {"method": method, "params": params} if method else {}
    return json.dumps({"jsonrpc": "2.0", **said, **more}).encode()


def taken(frames: list[bytes]) -> list[dict[str, Any]]:
    bodies = [found for found in FrameReader().feed(b"".join(frames)) if not isinstance(found, BadFrame)]
    frames.clear()
    return [json.loads(found) for found in bodies]


def begun() -> Between:
    """A session with one document, and everything answered."""
    between = Between()
    between.relay.begin()
    between.editor("initialize", INIT, id=1)
    between.exchange()
    between.editor("initialized", {})
    item = {"uri": "u", "languageId": "python", "version": 1, "text": "ab"}
    between.editor("textDocument/didOpen", {"textDocument": item})
    between.at_editor()
    between.at_server()
    return between


def methods(messages: list[dict[str, Any]]) -> list[str]:
    return [message["method"] for message in messages]


def test_what_is_said_before_there_is_a_server_reaches_the_first_as_it_was() -> None:
    between = Between()
    between.editor("initialize", INIT, id=1)
    between.editor("initialized", {})
    between.relay.from_editor(b"{no json")
    assert between.at_server() == []
    between.relay.begin()
    frames = [*FrameReader().feed(b"".join(between.relay.to_server))]
    assert frames[1:] == [body("initialized", {}), b"{no json"]
    first = json.loads(frames[0]) if isinstance(frames[0], bytes) else {}
    assert first == {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {**INIT, "processId": None}}
    assert between.relay.mirror.editors_pid == 7


def test_messages_pass_byte_for_byte() -> None:
    between = begun()
    odd = b'{"jsonrpc":"2.0",  "id":5,"method":"textDocument/inlineCompletion", "params":{"a":"\xc3\xa9\\ud83d"}}'
    between.relay.from_editor(odd)
    assert between.relay.to_server == [b"Content-Length: %d\r\n\r\n" % len(odd) + odd]
    answer = b'{"id":5, "jsonrpc":"2.0","result":  {}}'
    between.relay.from_server(answer)
    assert between.relay.to_editor == [b"Content-Length: %d\r\n\r\n" % len(answer) + answer]


def test_bytes_that_hold_no_message_are_answered() -> None:
    between = begun()
    between.relay.from_editor(BadFrame("a header without Content-Length"))
    (said,) = between.at_editor()
    assert said["error"] == {
        "code": -32700,
        "message": "The bytes make no message: a header without Content-Length.",
    }


def test_the_next_server_is_told_all_and_the_editor_hears_nothing_of_it() -> None:
    between = begun()
    span = {name: {"line": 0, "character": 1} for name in ("start", "end")}
    between.editor(
        "textDocument/didChange",
        {"textDocument": {"uri": "u", "version": 2}, "contentChanges": [{"range": span, "text": "é"}]},
    )
    between.editor("workspace/didChangeConfiguration", {"settings": {"fimble": {"eagerness": 3}}})
    folder = {"uri": "file:///q", "name": "q"}
    between.editor("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
    between.editor("textDocument/didFocus", {"textDocument": {"uri": "u"}})
    between.relay.lose()
    between.relay.begin()
    told = between.exchange()
    assert methods(told) == [
        "initialize",
        "initialized",
        "workspace/didChangeConfiguration",
        "textDocument/didOpen",
        "textDocument/didFocus",
    ]
    assert told[0]["params"]["workspaceFolders"] == [{"uri": "file:///p", "name": "p"}, folder]
    assert told[0]["params"]["rootUri"] is None
    assert told[3]["params"]["textDocument"] == {"uri": "u", "languageId": "python", "version": 2, "text": "aéb"}
    assert between.at_editor() == []


def test_a_question_is_asked_again_and_an_order_is_not() -> None:
    between = begun()
    between.editor(COMPLETION, {}, id=2)
    between.editor(COMMAND, {"command": "fimble.act"}, id=3)
    between.editor(COMMAND, {"command": "fimble.search"}, id="4")
    between.editor(COMMAND, {"command": "fimble.accepted"}, id=5)
    between.editor("$/cancelRequest", {"id": 6})
    between.editor(COMPLETION, {}, id=6)
    between.editor("$/cancelRequest", {"id": 6})
    between.relay.lose()
    answers = {message["id"]: message for message in between.at_editor()}
    assert answers.keys() == {3, 5, 6}
    assert answers[3]["error"]["code"] == -32803
    assert answers[5]["result"] is None
    assert answers[6]["error"]["code"] == -32800
    between.relay.begin()
    assert [message["id"] for message in between.at_server() if message.get("id") in (2, "4")] == [2, "4"]
    between.server(id=2, result={"items": []})
    assert [message["id"] for message in between.at_editor()] == [2]


def test_an_order_that_no_server_has_seen_waits_for_one() -> None:
    between = begun()
    between.relay.lose()
    between.editor(COMMAND, {"command": "fimble.act"}, id=3)
    between.relay.begin()
    assert between.at_server()[-1]["id"] == 3


def test_a_question_at_which_two_servers_ended_is_not_asked_a_third() -> None:
    between = begun()
    between.editor(COMPLETION, {}, id=2)
    between.relay.lose()
    assert between.at_editor() == []
    between.relay.begin()
    between.relay.lose()
    (said,) = between.at_editor()
    assert said["error"]["code"] == -32603


def test_answers_of_the_editor_go_only_to_the_server_that_asked() -> None:
    between = begun()
    between.server("workspace/configuration", {}, id="x")
    between.server("window/showMessageRequest", {}, id="y")
    between.editor(id="x", result=[None])
    assert [message["id"] for message in between.at_server()] == ["x"]
    between.relay.lose()
    between.relay.begin()
    between.at_server()
    between.editor(id="y", result=None)
    assert between.at_server() == []


def test_what_stands_in_the_editor_is_not_told_again() -> None:
    between = begun()
    registration = {"registrations": [{"id": "fimble/files", "method": "workspace/didChangeWatchedFiles"}]}
    note = {"type": 3, "message": "fimble: runs on the CPU"}
    between.server("client/registerCapability", registration, id="r1")
    between.editor(id="r1", result=None)
    between.server("window/showMessage", note)
    between.server("$/progress", {"token": "t", "value": {"kind": "begin", "title": "loading"}})
    between.at_editor()
    between.at_server()
    between.relay.lose()
    assert between.at_editor() == [
        {"jsonrpc": "2.0", "method": "$/progress", "params": {"token": "t", "value": {"kind": "end"}}}
    ]
    between.relay.begin()
    between.exchange()
    between.server("client/registerCapability", registration, id="r2")
    assert between.at_server() == [{"jsonrpc": "2.0", "id": "r2", "result": None}]
    between.server("window/showMessage", note)
    assert between.at_editor() == []
    between.server("window/showMessage", note)
    assert methods(between.at_editor()) == ["window/showMessage"], "what it says twice it means"


def test_a_registration_that_was_refused_is_asked_for_again() -> None:
    between = begun()
    registration = {"registrations": [{"id": "a", "method": "m"}]}
    between.server("client/registerCapability", registration, id="r1")
    between.editor(id="r1", error={"code": 1, "message": "no"})
    between.at_editor()
    between.relay.lose()
    between.relay.begin()
    between.server("client/registerCapability", registration, id="r2")
    assert methods(between.at_editor()) == ["client/registerCapability"]


def test_without_a_server_everything_is_answered() -> None:
    between = begun()
    between.editor(COMPLETION, {}, id=2)
    between.relay.lose()
    between.relay.give_up()
    between.editor("textDocument/codeAction", {}, id=3)
    between.editor(COMMAND, {"command": "fimble.act"}, id=4)
    between.editor("completionItem/resolve", {"label": "x"}, id=5)
    between.editor("shutdown", id=6)
    answers = {message["id"]: message.get("result", message.get("error")) for message in between.at_editor()}
    assert answers[2] == {"items": []}
    assert (answers[3], answers[5], answers[6]) == ([], {"label": "x"}, None)
    assert answers[4] is not None and answers[4]["code"] == -32803


def test_an_editor_whose_first_server_never_comes_has_a_session_all_the_same() -> None:
    between = Between()
    between.editor("initialize", INIT, id=1)
    between.relay.voice.tell(2, "no luck")
    assert between.at_editor() == [], "nothing may be said before the answer to initialize"
    between.relay.give_up()
    first, second = between.at_editor()
    assert first["result"]["serverInfo"]["name"] == "fimble"
    assert second["params"]["message"] == "fimble: no luck"
    between.editor("initialized", {})
    between.relay.hope()
    assert between.relay.server is Server.COMING
    between.relay.begin()
    assert methods(between.exchange()) == ["initialize", "initialized"]
    assert between.at_editor() == []


def test_an_initialize_that_is_not_answered_yet_is_answered_by_the_next_server() -> None:
    between = Between()
    between.relay.begin()
    between.editor("initialize", INIT, id=1)
    between.at_server()
    between.relay.lose()
    between.relay.begin()
    (told,) = between.exchange()
    assert told["id"] == 1
    assert [message["id"] for message in between.at_editor()] == [1]
    assert between.relay.mirror.desk.encoding == "utf-8"


def test_an_initialize_that_was_refused_may_come_again() -> None:
    between = Between()
    between.relay.begin()
    between.editor("initialize", {"bad": 1}, id=1)
    between.server(id=1, error={"code": -32602, "message": "no"})
    between.editor("initialize", INIT, id=2)
    between.server(id=2, result=RESULT)
    between.relay.lose()
    between.relay.begin()
    assert between.at_server()[-1]["params"]["rootUri"] == "file:///p"


def test_signs_of_life_stay_between_the_relay_and_the_server() -> None:
    between = begun()
    between.relay.ping()
    (ping,) = between.at_server()
    assert between.relay.errands.is_pinged and not between.relay.is_waiting
    between.server(id=ping["id"], result=None)
    assert between.relay.to_editor == []
    between.relay.ping()
    assert len(between.at_server()) == 1
    between.server(MOVE, {})
    assert between.relay.shall_move
    assert between.at_editor() == []


def test_exit_is_passed_on_and_ends_it() -> None:
    between = begun()
    between.editor("shutdown", id=9)
    between.editor("exit")
    assert methods(between.at_server()) == ["shutdown", "exit"]
    assert between.relay.is_over and between.relay.mirror.is_shut_down


def test_an_editor_that_was_answered_without_a_server_is_introduced_to_the_first() -> None:
    """Its ``initialize`` was never held for that: it came when none was to be had."""
    between = Between()
    between.relay.give_up()
    between.editor("initialize", INIT, id=1)
    (answered,) = between.at_editor()
    assert answered["id"] == 1 and "capabilities" in answered["result"]
    between.editor("initialized", {})
    between.relay.hope()
    between.editor(COMPLETION, {}, id=2)
    between.relay.begin()
    told = between.exchange()
    assert methods(told) == ["initialize", "initialized", COMPLETION]
    assert [message["id"] for message in between.at_editor()] == [2]
