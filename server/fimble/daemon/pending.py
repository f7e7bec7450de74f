"""What is asked and not answered yet, in both directions, and what becomes of it when the server is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]
Id = int | str

MAX_TRIES = 2
"""A request at which so many servers ended may be what ends them."""
REQUEST_FAILED, REQUEST_CANCELLED, INTERNAL_ERROR = -32803, -32800, -32603
_COMMAND = "workspace/executeCommand"
_SEARCH, _ACCEPTED = "fimble.search", "fimble.accepted"
_AGAIN = "fimble's engine ended while it worked on this, and nothing was changed. Ask again."
_TWICE = "fimble's engine ended each time it worked on this. `fimble daemon` says where its log is."
ABSENT = "fimble's engine cannot be started. `fimble daemon` says where its log is."


@dataclass(slots=True)
class Question:
    """One request of the editor's."""

    method: str
    params: Any
    body: bytes
    num_tries: int = 0
    """How many servers were sent it."""
    is_cancelled: bool = False


def to_result(msg_id: Id, result: object) -> JsonObject:
    """A response."""
    return {"jsonrpc": "2.0", "id": msg_id, "result": result}


def to_error(msg_id: Id | None, code: int, message: str) -> JsonObject:
    """A response that is an error."""
    return {"jsonrpc": "2.0", "id": msg_id, "error": {"code": code, "message": message}}


def after_loss(msg_id: Id, question: Question) -> JsonObject | None:
    """The answer to a question whose server is gone; nothing where the next server shall be asked it.

    What only answers is asked anew. What may have done something is not done twice without a person's knowing.
    """
    if question.is_cancelled:
        return to_error(msg_id, REQUEST_CANCELLED, "The request was cancelled.")
    if question.method == "shutdown":
        return to_result(msg_id, None)
    if question.method == _COMMAND and question.num_tries:
        command = question.params.get("command") if isinstance(question.params, dict) else None
        if command == _ACCEPTED:
            return to_result(msg_id, None)
        if command != _SEARCH:
            return to_error(msg_id, REQUEST_FAILED, _AGAIN)
    if question.num_tries >= MAX_TRIES:
        return to_error(msg_id, INTERNAL_ERROR, _TWICE)
    return None


def without_server(msg_id: Id, question: Question) -> JsonObject:
    """The answer where there is no server and will be none soon: that there is nothing."""
    nothing: dict[str, Any] = {
        "textDocument/inlineCompletion": {"items": []},
        "textDocument/completion": {"isIncomplete": False, "items": []},
        "textDocument/codeAction": [],
        "workspace/symbol": [],
        "completionItem/resolve": question.params,
        "fimble/why": None,
        "shutdown": None,
    }
    if question.is_cancelled:
        return to_error(msg_id, REQUEST_CANCELLED, "The request was cancelled.")
    if question.method in nothing:
        return to_result(msg_id, nothing[question.method])
    return to_error(msg_id, REQUEST_FAILED, ABSENT)
