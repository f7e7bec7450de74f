"""What goes between a proxy and its server: an editor's bytes, and a few messages that it never sees."""

from __future__ import annotations

from enum import Enum
from typing import TypeGuard

from fimble.daemon.pending import Id, JsonObject
from fimble.lsp.framing import from_body

PING = "fimble/ping"
"""A request that a server answers with null: whether it is alive."""
MOVE, LOG = "fimble/daemon/move", "fimble/daemon/log"
"""Notifications of a daemon to its proxies: another one is there, or this one ends; a line for the session's log."""
OWN_IDS = "fimble-proxy-"
"""How the ids of a proxy's own requests begin."""


class Server(Enum):
    """Whether there is one."""

    COMING = "coming"
    """Soon: requests wait for it."""
    HERE = "here"
    ABSENT = "absent"
    """Not soon: requests are answered with nothing."""


def message_in(body: bytes) -> JsonObject:
    """The message, or an empty one where it is none."""
    try:
        message = from_body(body)
    except (ValueError, RecursionError):
        return {}
    is_message = isinstance(message, dict) and message.get("jsonrpc") == "2.0"
    return message if is_message else {}


def framed(body: bytes) -> bytes:
    """The very bytes, as they go over the wire."""
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def is_id(value: object) -> TypeGuard[Id]:
    """Whether it may be a request's id."""
    return isinstance(value, str) or type(value) is int
