"""Between an editor and its server, message by message: nothing is changed on the way while there is one server.

When a server is gone, what the editor was promised is ended or asked anew, the next server is told all that the
editor has told, and its answers to that do not reach the editor, which has them. Without input and output: messages
in, frames out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fimble.daemon.errands import Errands
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
from fimble.daemon.voice import SHOW, Voice
from fimble.daemon.wire import LOG, MOVE, PING, Server, framed, is_id, message_in
from fimble.lsp.framing import BadFrame, to_frame
from fimble.lsp.greeting import early_answer

_CANCEL, _PROGRESS = "$/cancelRequest", "$/progress"
_REGISTER = "client/registerCapability"
_PARSE_ERROR = -32700


class Relay:
    """One editor's session, whichever servers answer it. Frames to send gather in two lists, for the caller to take."""

    def __init__(self, on_log: Callable[[str], None] = lambda _: None) -> None:
        """``on_log`` is handed the lines of the session's log."""
        self.to_editor: list[bytes] = []
        self.to_server: list[bytes] = []
        self.mirror = Mirror()
        self.voice = Voice(self.mirror, self.to_editor)
        self.server = Server.COMING
        self.is_over = False
        """Whether the editor has said ``exit``."""
        self.shall_move = False
        """Whether the server has asked to be left at a quiet moment."""
        self._on_log = on_log
        self._num_servers = 0
        self._asked: dict[Id, Question] = {}
        self.errands = Errands()
        """Requests of our own: replayed ones and pings."""
        self._of_server: dict[Id, JsonObject] = {}
        """Requests of this server's to the editor; with what it registers."""
        self._standing = Standing()
        self._held: list[bytes] = []
        """What the first server will be told."""

    @property
    def is_waiting(self) -> bool:
        """Whether the editor waits for an answer."""
        return bool(self._asked)

    def from_editor(self, body: bytes | BadFrame) -> None:
        """A message of the editor's, whatever it holds."""
        if isinstance(body, BadFrame):
            error = to_error(None, _PARSE_ERROR, f"The bytes make no message: {body.problem}.")
            self.to_editor.append(to_frame(error))
            return
        message = message_in(body)
        method, msg_id = message.get("method"), message.get("id")
        if not isinstance(method, str):
            if "method" not in message and is_id(msg_id) and ("result" in message or "error" in message):
                self._answered_by_editor(msg_id, message, body)
            else:
                self._pass_on(body)
        elif "id" not in message:
            self._told_by_editor(method, message.get("params"), body)
        elif is_id(msg_id):
            self._asked_by_editor(msg_id, method, message, body)
        else:
            self._pass_on(body)

    def from_server(self, body: bytes | BadFrame) -> None:
        """A message of the server's."""
        if isinstance(body, BadFrame):
            return
        message = message_in(body)
        method, msg_id = message.get("method"), message.get("id")
        if method is None:
            if msg_id is None:
                self.to_editor.append(framed(body))
            elif not self.errands.is_done(msg_id) and msg_id in self._asked:
                self._answered_by_server(msg_id, message, body)
        elif "id" in message:
            self._asked_by_server(msg_id, method, message, body)
        else:
            self._told_by_server(method, message.get("params"), body)

    def begin(self) -> None:
        """A server is here. The first one is told what the editor says, unless the editor was answered without one;
        others what it has told until now."""
        self.server, self.shall_move = Server.HERE, False
        self._num_servers += 1
        is_first = self._num_servers == 1 and not self.mirror.is_answered
        if is_first:
            self.to_server += self._held
        elif self.mirror.params is not None:
            self._replay(self.mirror.params)
        self._held.clear()
        for question in self._asked.values():
            question.num_tries += 1
            if not is_first and question.method != INITIALIZE:
                self.to_server.append(framed(question.body))

    def lose(self) -> None:
        """The server is gone. What it owed is ended, or waits for the next one."""
        self.server = Server.COMING
        self.to_server.clear()
        self.errands.forget()
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
        self.to_server.append(self.errands.send(PING, None))

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
        question = self._asked.get(msg_id) if is_id(msg_id) else None
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
        self.to_editor.append(framed(body))
        self.voice.catch_up()

    def _answer_alone(self, msg_id: Id, question: Question) -> None:
        """What is said without a server; an editor whose ``initialize`` it is has a session all the same."""
        answer = early_answer(question.body) if question.method == INITIALIZE else None
        if answer is not None:
            self.mirror.answered(answer["result"])
        self._settle(msg_id, answer or without_server(msg_id, question))
        self.voice.catch_up()

    def _asked_by_server(self, msg_id: Any, method: str, message: JsonObject, body: bytes) -> None:
        registrations = registrations_in(message.get("params")) if method == _REGISTER else {}
        if self._standing.are_registered(registrations):
            self.to_server.append(to_frame(to_result(msg_id, None)))
        else:
            self._of_server[msg_id] = registrations
            self.to_editor.append(framed(body))

    def _told_by_server(self, method: str, params: Any, body: bytes) -> None:
        if method == MOVE:
            self.shall_move = True
            return
        if method == LOG:
            self._on_log(str(params.get("text", "")) if isinstance(params, dict) else "")
            return
        if method == _PROGRESS and isinstance(params, dict):
            self._standing.progress(params)
        elif method == SHOW and isinstance(params, dict) and self._standing.is_known(params):
            return
        self.to_editor.append(framed(body))

    def _replay(self, params: JsonObject) -> None:
        """Tell a new server all that the editor has told."""
        waiting = next((msg_id for msg_id, asked in self._asked.items() if asked.method == INITIALIZE), None)
        params = {**params, "processId": None}
        if waiting is None or self.mirror.is_answered:
            self.to_server.append(self.errands.send(INITIALIZE, params))
        else:
            message = {"jsonrpc": "2.0", "id": waiting, "method": INITIALIZE, "params": params}
            self.to_server.append(to_frame(message))
        for method, told in self.mirror.retelling():
            self.to_server.append(to_frame({"jsonrpc": "2.0", "method": method, "params": told}))

    def _settle(self, msg_id: Any, answer: JsonObject | None) -> None:
        if answer is not None:
            self._asked.pop(msg_id, None)
            self.to_editor.append(to_frame(answer))

    def _pass_on(self, body: bytes) -> None:
        if self.server is Server.HERE:
            self.to_server.append(framed(body))
        elif self._num_servers == 0:
            self._held.append(framed(body))
