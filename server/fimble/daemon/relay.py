"""Between an editor and its server, message by message: nothing is changed on the way while there is one server.

When a server is gone, what the editor was promised is ended or asked anew, the next server is told all that the
editor has told, and its answers to that do not reach the editor, which has them. Without input and output: messages
in, frames out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeGuard

from fimble.daemon.mirror import EXIT, INITIALIZE, SHUTDOWN, Mirror
from fimble.daemon.pending import (
    REQUEST_CANCELLED,
    Id,
    JsonObject,
    Question,
    after_loss,
    to_error,
    to_result,
    without_server,
)
from fimble.daemon.standing import Standing, registrations_in
from fimble.lsp.framing import BadFrame, from_body, to_frame
from fimble.lsp.greeting import early_answer

PING = "fimble/ping"
"""A request that a server answers with null: whether it is alive."""
MOVE, LOG = "fimble/daemon/move", "fimble/daemon/log"
"""Notifications of a daemon to its proxies: another one is there, or this one ends; a line for the session's log."""
_OWN_IDS = "fimble-proxy-"
_CANCEL, _PROGRESS, _SHOW = "$/cancelRequest", "$/progress", "window/showMessage"
_REGISTER = "client/registerCapability"
_PARSE_ERROR = -32700
INFO, WARNING, ERROR = 3, 2, 1
"""Kinds of message."""


class Server(Enum):
    """Whether there is one."""

    COMING = "coming"
    """Soon: requests wait for it."""
    HERE = "here"
    ABSENT = "absent"
    """Not soon: requests are answered with nothing."""


class Relay:
    """One editor's session, whichever servers answer it. Frames to send gather in two lists, for the caller to take."""

    def __init__(self, on_log: Callable[[str], None] = lambda _: None) -> None:
        """``on_log`` is handed the lines of the session's log."""
        self.to_editor: list[bytes] = []
        self.to_server: list[bytes] = []
        self.mirror = Mirror()
        self.server = Server.COMING
        self.is_over = False
        """Whether the editor has said ``exit``."""
        self.shall_move = False
        """Whether the server has asked to be left at a quiet moment."""
        self._on_log = on_log
        self._num_servers = 0
        self._next_id = 0
        self._asked: dict[Id, Question] = {}
        self._swallowed: set[Id] = set()
        """Our own requests to the server: replayed ones and pings."""
        self._of_server: dict[Id, JsonObject] = {}
        """Requests of this server's to the editor; with what it registers."""
        self._standing = Standing()
        self._held: list[bytes] = []
        """What the first server will be told."""
        self._unsaid: list[bytes] = []
        """Our own messages, until the editor can be sent any."""

    @property
    def is_waiting(self) -> bool:
        """Whether the editor waits for an answer."""
        return bool(self._asked)

    @property
    def is_pinged(self) -> bool:
        """Whether an answer to a ping is owed."""
        return any(str(msg_id).startswith(_OWN_IDS + "ping") for msg_id in self._swallowed)

    def from_editor(self, body: bytes | BadFrame) -> None:
        """A message of the editor's, whatever it holds."""
        if isinstance(body, BadFrame):
            error = to_error(None, _PARSE_ERROR, f"The bytes make no message: {body.problem}.")
            self.to_editor.append(to_frame(error))
            return
        message = _message(body)
        method, msg_id = message.get("method"), message.get("id")
        if not isinstance(method, str):
            if "method" not in message and _is_id(msg_id) and ("result" in message or "error" in message):
                self._answered_by_editor(msg_id, message, body)
            else:
                self._pass_on(body)
        elif "id" not in message:
            self._told_by_editor(method, message.get("params"), body)
        elif _is_id(msg_id):
            self._asked_by_editor(msg_id, method, message, body)
        else:
            self._pass_on(body)

    def from_server(self, body: bytes | BadFrame) -> None:
        """A message of the server's."""
        if isinstance(body, BadFrame):
            return
        message = _message(body)
        method, msg_id = message.get("method"), message.get("id")
        if method is None:
            if msg_id is None:
                self.to_editor.append(_framed(body))
            elif msg_id in self._swallowed:
                self._swallowed.discard(msg_id)
            elif msg_id in self._asked:
                self._answered_by_server(msg_id, message, body)
        elif "id" in message:
            self._asked_by_server(msg_id, method, message, body)
        else:
            self._told_by_server(method, message.get("params"), body)

    def begin(self) -> None:
        """A server is here. The first one is told what the editor says; others what it has told until now."""
        self.server, self.shall_move = Server.HERE, False
        self._num_servers += 1
        if self._num_servers == 1:
            self.to_server += self._held
        elif self.mirror.params is not None:
            self._replay(self.mirror.params)
        self._held.clear()
        for question in self._asked.values():
            question.num_tries += 1
            if self._num_servers > 1 and question.method != INITIALIZE:
                self.to_server.append(_framed(question.body))

    def lose(self) -> None:
        """The server is gone. What it owed is ended, or waits for the next one."""
        self.server = Server.COMING
        self.to_server.clear()
        self._swallowed.clear()
        self._of_server.clear()
        for params in self._standing.lose():
            self.to_editor.append(to_frame({"jsonrpc": "2.0", "method": _PROGRESS, "params": params}))
        for msg_id, question in [*self._asked.items()]:
            self._settle(msg_id, after_loss(msg_id, question))

    def give_up(self) -> None:
        """No server will be here soon: who asks is told that there is nothing."""
        self.server = Server.ABSENT
        for msg_id, question in [*self._asked.items()]:
            self._answer_alone(msg_id, question)

    def hope(self) -> None:
        """A server is looked for again: who asks from now on waits for it."""
        self.server = Server.COMING

    def ping(self) -> None:
        """Ask the server for a sign of life."""
        self._send_own("ping", PING, None)

    def tell(self, kind: int, text: str) -> None:
        """Show the person a message, as soon as the editor can be told any."""
        self._say(_SHOW, {"type": kind, "message": f"fimble: {text}"})

    def tell_condition(self, kind: str, text: str, is_busy: bool) -> None:
        """What an editor's status bar shows, where it shows any."""
        if self.mirror.shows_status:
            self._say("didChangeStatus", {"kind": kind, "busy": is_busy, "message": text})

    def _asked_by_editor(self, msg_id: Id, method: str, message: JsonObject, body: bytes) -> None:
        params = message.get("params")
        question = Question(method, params, body)
        if method == INITIALIZE:
            if isinstance(params, dict) and type(params.get("processId")) is int:
                # its end is watched here: that of the connection is enough for the server
                body = question.body = json.dumps({**message, "params": {**params, "processId": None}}).encode()
            if self.mirror.params is None:
                self.mirror.initialize(params)
        elif method == SHUTDOWN:
            self.mirror.is_shut_down = True
        self._asked[msg_id] = question
        if self.server is Server.HERE:
            question.num_tries = 1
        if self.server is Server.ABSENT:
            self._answer_alone(msg_id, question)
        elif self.server is Server.HERE or self._num_servers == 0:
            self._pass_on(body)

    def _told_by_editor(self, method: str, params: object, body: bytes) -> None:
        if method == EXIT:
            self.is_over = True
        elif method == _CANCEL:
            self._cancel(params)
        else:
            self.mirror.told(method, params)
        self._pass_on(body)

    def _cancel(self, params: object) -> None:
        msg_id = params.get("id") if isinstance(params, dict) else None
        question = self._asked.get(msg_id) if _is_id(msg_id) else None
        if question is None:
            return
        question.is_cancelled = True
        if self.server is not Server.HERE and self._num_servers > 0:
            self._settle(msg_id, to_error(msg_id, REQUEST_CANCELLED, "The request was cancelled."))

    def _answered_by_editor(self, msg_id: Any, message: JsonObject, body: bytes) -> None:
        """Only to this server: another one did not ask."""
        if msg_id in self._of_server:
            registrations = self._of_server.pop(msg_id)
            if "error" not in message:
                self._standing.register(registrations)
            self._pass_on(body)

    def _answered_by_server(self, msg_id: Any, message: JsonObject, body: bytes) -> None:
        question = self._asked.pop(msg_id)
        if question.method == INITIALIZE and not self.mirror.is_answered:
            if "error" in message:
                self.mirror.refused()
            else:
                self.mirror.answered(message.get("result"))
        self.to_editor.append(_framed(body))
        self._say_the_unsaid()

    def _answer_alone(self, msg_id: Id, question: Question) -> None:
        """What is said without a server; an editor whose ``initialize`` it is has a session all the same."""
        answer = early_answer(question.body) if question.method == INITIALIZE else None
        if answer is not None:
            self.mirror.answered(answer["result"])
        self._settle(msg_id, answer or without_server(msg_id, question))
        self._say_the_unsaid()

    def _asked_by_server(self, msg_id: Any, method: str, message: JsonObject, body: bytes) -> None:
        registrations = registrations_in(message.get("params")) if method == _REGISTER else {}
        if self._standing.are_registered(registrations):
            self.to_server.append(to_frame(to_result(msg_id, None)))
        else:
            self._of_server[msg_id] = registrations
            self.to_editor.append(_framed(body))

    def _told_by_server(self, method: str, params: Any, body: bytes) -> None:
        if method == MOVE:
            self.shall_move = True
            return
        if method == LOG:
            self._on_log(str(params.get("text", "")) if isinstance(params, dict) else "")
            return
        if method == _PROGRESS and isinstance(params, dict):
            self._standing.progress(params)
        elif method == _SHOW and isinstance(params, dict) and self._standing.is_known(params):
            return
        self.to_editor.append(_framed(body))

    def _replay(self, params: JsonObject) -> None:
        """Tell a new server all that the editor has told."""
        waiting = next((msg_id for msg_id, asked in self._asked.items() if asked.method == INITIALIZE), None)
        params = {**params, "processId": None}
        if waiting is None or self.mirror.is_answered:
            self._send_own("initialize", INITIALIZE, params)
        else:
            message = {"jsonrpc": "2.0", "id": waiting, "method": INITIALIZE, "params": params}
            self.to_server.append(to_frame(message))
        for method, told in self.mirror.retelling():
            self.to_server.append(to_frame({"jsonrpc": "2.0", "method": method, "params": told}))

    def _send_own(self, name: str, method: str, params: object) -> None:
        self._next_id += 1
        msg_id = f"{_OWN_IDS}{name}-{self._next_id}"
        self._swallowed.add(msg_id)
        self.to_server.append(to_frame({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params}))

    def _settle(self, msg_id: Any, answer: JsonObject | None) -> None:
        if answer is not None:
            self._asked.pop(msg_id, None)
            self.to_editor.append(to_frame(answer))

    def _say(self, method: str, params: JsonObject) -> None:
        frames = self.to_editor if self.mirror.is_answered else self._unsaid
        frames.append(to_frame({"jsonrpc": "2.0", "method": method, "params": params}))

    def _say_the_unsaid(self) -> None:
        if self.mirror.is_answered:
            self.to_editor += self._unsaid
            self._unsaid.clear()

    def _pass_on(self, body: bytes) -> None:
        if self.server is Server.HERE:
            self.to_server.append(_framed(body))
        elif self._num_servers == 0:
            self._held.append(_framed(body))


def _message(body: bytes) -> JsonObject:
    """The message, or an empty one where it is none."""
    try:
        message = from_body(body)
    except (ValueError, RecursionError):
        return {}
    is_message = isinstance(message, dict) and message.get("jsonrpc") == "2.0"
    return message if is_message else {}


def _framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def _is_id(value: object) -> TypeGuard[Id]:
    return isinstance(value, str) or type(value) is int
