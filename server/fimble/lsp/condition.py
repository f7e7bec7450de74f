"""``didChangeStatus``: how fimble is, in one line, for an editor's status bar.

Copilot's notification, with the model beside it, or with the name of the error (``code``, of ``fimble.errors``).
Only an editor that says ``experimental.fimble.status`` is told, as others may complain of a message they do not know.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from fimble.lsp.messages import DID_CHANGE_STATUS

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.lsp.model import LoadedModel
    from fimble.lsp.server import FimbleServer


class Kind(Enum):
    """The value is what the editor is told."""

    NORMAL = "Normal"
    WARNING = "Warning"
    """It works, and something in the settings does not, or what was trained for a workspace cannot be used."""
    ERROR = "Error"
    INACTIVE = "Inactive"
    """Switched off."""


class Condition:
    """Tells the editor when it changes. Used on the event loop's thread."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self._told: dict[str, Any] = {}

    def tell(self) -> None:
        """Something may have changed."""
        if not self._server.client.shows_status:
            return
        now = self._now()
        if now != self._told:
            self._told = now
            self._server.protocol.notify(DID_CHANGE_STATUS, now)

    def _now(self) -> dict[str, Any]:
        server = self._server
        loaded, error = server.model.loaded, server.model.error
        busy = server.work.is_busy
        if error is not None:
            kind, message = Kind.ERROR, str(error)
        elif loaded is None:
            kind, message, busy = Kind.NORMAL, f"loading {subject_of(server.config)}", True
        elif server.model.is_waking:
            kind, message, busy = Kind.NORMAL, f"loading {loaded.model} again", True
        elif not server.config.enabled:
            kind, message = Kind.INACTIVE, "suggestions are switched off"
        elif server.settings.complaints or server.model.problems:
            kind, message = Kind.WARNING, (*server.settings.complaints, *server.model.problems)[0]
        else:
            kind, message = Kind.NORMAL, readiness_of(loaded)
        said: dict[str, Any] = {"kind": kind.value, "busy": busy, "message": message}
        if error is not None:
            said["code"] = type(error).__name__
        if loaded is not None:
            said |= {"model": loaded.model, "provider": loaded.provider}
            said |= {"endpoint": loaded.endpoint} if loaded.endpoint else {}
        return said


def readiness_of(loaded: LoadedModel) -> str:
    """Which model answers, and where: a person has to be able to see where code goes."""
    if loaded.endpoint:
        return f"{loaded.model} ready on {loaded.endpoint}, which is sent code"
    return f"{loaded.model} ready on {loaded.provider.upper()}"


def subject_of(config: Config) -> str:
    """What is loaded."""
    return "what the endpoint has" if config.endpoint else config.model
