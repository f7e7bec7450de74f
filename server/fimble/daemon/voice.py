"""What a proxy itself has to say to a person, kept until the editor can be told anything."""

from __future__ import annotations

from fimble.daemon.mirror import Mirror
from fimble.daemon.pending import JsonObject
from fimble.lsp.framing import to_frame

SHOW = "window/showMessage"
WARNING = 2
"""The kind of message."""


class Voice:
    """Speaks once ``initialize`` is answered; before, no editor may be told anything."""

    def __init__(self, mirror: Mirror, to_editor: list[bytes]) -> None:
        """``to_editor`` takes the frames."""
        self._mirror, self._to_editor = mirror, to_editor
        self._unsaid: list[bytes] = []

    def tell(self, kind: int, text: str) -> None:
        """Show the person a message."""
        self._say(SHOW, {"type": kind, "message": f"fimble: {text}"})

    def tell_condition(self, kind: str, text: str, is_busy: bool) -> None:
        """What an editor's status bar shows, where it shows any."""
        if self._mirror.shows_status:
            self._say("didChangeStatus", {"kind": kind, "busy": is_busy, "message": text})

    def catch_up(self) -> None:
        """Say what waited, if it may be said now."""
        if self._mirror.is_answered:
            self._to_editor += self._unsaid
            self._unsaid.clear()

    def _say(self, method: str, params: JsonObject) -> None:
        frames = self._to_editor if self._mirror.is_answered else self._unsaid
        frames.append(to_frame({"jsonrpc": "2.0", "method": method, "params": params}))
