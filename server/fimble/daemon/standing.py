"""What stands in an editor because a server said so: progress, messages, registrations. It outlives the server."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]
Id = int | str
_Message = tuple[str, str]
"""Kind and text."""


class Standing:
    """Follows what servers tell an editor, and says what of it the next one must not tell again."""

    def __init__(self) -> None:
        self._progress: dict[Id, None] = {}
        self._shown: set[_Message] = set()
        self._shown_before: set[_Message] = set()
        """By the servers before, and not yet by this one."""
        self._registered: JsonObject = {}
        """Id -> the registration."""

    def progress(self, params: JsonObject) -> None:
        """``$/progress`` on its way."""
        token, value = params.get("token"), params.get("value")
        kind = value.get("kind") if isinstance(value, dict) else None
        if isinstance(token, int | str):
            if kind == "begin":
                self._progress[token] = None
            elif kind == "end":
                self._progress.pop(token, None)

    def is_known(self, params: JsonObject) -> bool:
        """Whether the person has read this message of ``window/showMessage`` from a server before."""
        said = str(params.get("type")), str(params.get("message"))
        if said in self._shown_before:
            self._shown_before.discard(said)
            return True
        self._shown.add(said)
        return False

    def are_registered(self, registrations: JsonObject) -> bool:
        """Whether the editor has agreed to all of that."""
        return bool(registrations) and all(self._registered.get(name) == each for name, each in registrations.items())

    def register(self, registrations: JsonObject) -> None:
        """The editor has agreed."""
        self._registered.update(registrations)

    def lose(self) -> list[JsonObject]:
        """The server is gone. Returns the values of ``$/progress`` that end what it had begun."""
        self._shown_before = set(self._shown)
        ends = [{"token": token, "value": {"kind": "end"}} for token in self._progress]
        self._progress.clear()
        return ends


def registrations_in(params: object) -> JsonObject:
    """Id -> the registration, of ``client/registerCapability``."""
    found = params.get("registrations") if isinstance(params, dict) else None
    return {str(each.get("id")): each for each in found if isinstance(each, dict)} if isinstance(found, list) else {}
