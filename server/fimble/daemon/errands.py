"""The requests that a proxy itself has made of its server, whose answers no editor is to see."""

from __future__ import annotations

from fimble.daemon.pending import Id
from fimble.daemon.wire import OWN_IDS, PING
from fimble.lsp.framing import to_frame


class Errands:
    """Those of one server, until it is gone; ids are never used again."""

    def __init__(self) -> None:
        self._num_sent = 0
        self._open: dict[Id, str] = {}
        """Id -> the method."""

    @property
    def is_pinged(self) -> bool:
        """Whether an answer to a ping is owed."""
        return PING in self._open.values()

    def send(self, method: str, params: object) -> bytes:
        """The frame of one more."""
        self._num_sent += 1
        msg_id = f"{OWN_IDS}{self._num_sent}"
        self._open[msg_id] = method
        return to_frame({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})

    def is_done(self, msg_id: Id) -> bool:
        """Whether this answers one of them, which is done then."""
        return self._open.pop(msg_id, None) is not None

    def forget(self) -> None:
        """The server is gone."""
        self._open.clear()
