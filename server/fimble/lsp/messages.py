"""Messages beyond LSP that this server understands: its own, and Copilot's additions.

Field names are as on the wire, so that the converter reads and checks them without help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

WHY = "fimble/why"
"""Request: why the last answer was what it was."""
PING = "fimble/ping"
"""Request, answered with null: whether the session is alive. A proxy asks."""
DID_SHOW = "textDocument/didShowCompletion"
DID_PARTIALLY_ACCEPT = "textDocument/didPartiallyAcceptCompletion"
DID_FOCUS = "textDocument/didFocus"
DID_CHANGE_STATUS = "didChangeStatus"
"""From the server: how it is."""


@dataclass(frozen=True, slots=True)
class WhyParams:
    """Which answer is meant: the last one of a document, or at a position in it, or of all."""

    textDocument: types.TextDocumentIdentifier | None = None  # noqa: N815
    position: types.Position | None = None


@dataclass(frozen=True, slots=True)
class WhyRequest:
    id: int | str
    method: str = WHY
    params: WhyParams | None = None
    jsonrpc: str = "2.0"


@dataclass(frozen=True, slots=True)
class PingRequest:
    id: int | str
    method: str = PING
    params: None = None
    jsonrpc: str = "2.0"


@dataclass(frozen=True, slots=True)
class ShownParams:
    """The inline completion item that came on the screen."""

    item: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShownNotification:
    params: ShownParams
    method: str = DID_SHOW
    jsonrpc: str = "2.0"


@dataclass(frozen=True, slots=True)
class PartlyAcceptedParams:
    """``acceptedLength`` counts UTF-16 code units from the start of the item's text."""

    item: dict[str, Any]
    acceptedLength: int  # noqa: N815


@dataclass(frozen=True, slots=True)
class PartlyAcceptedNotification:
    params: PartlyAcceptedParams
    method: str = DID_PARTIALLY_ACCEPT
    jsonrpc: str = "2.0"


@dataclass(frozen=True, slots=True)
class FocusParams:
    textDocument: types.TextDocumentIdentifier | None = None  # noqa: N815
    """``None`` when the focus left for something that is no document."""


@dataclass(frozen=True, slots=True)
class FocusNotification:
    params: FocusParams
    method: str = DID_FOCUS
    jsonrpc: str = "2.0"


TYPES: dict[str, type[Any]] = {
    WHY: WhyRequest,
    PING: PingRequest,
    DID_SHOW: ShownNotification,
    DID_PARTIALLY_ACCEPT: PartlyAcceptedNotification,
    DID_FOCUS: FocusNotification,
}
"""Method -> the type of its message."""
