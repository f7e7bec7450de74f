"""The options of a session: those it began with, and over them what the editor says, now and later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fimble import config as configuration
from fimble.config import ONLY_AT_START, Config

SECTION = "fimble"
"""The name of our options among an editor's settings."""
FIRST = "settings"
"""The name, in ``initializationOptions``, of the settings that a session begins with."""


class Settings:
    """Holds the one ``Config`` that is in force. Each complaint is made once, however often the editor repeats it."""

    def __init__(self, base: Config, complaints: Sequence[str]) -> None:
        """``base``: the configuration without the editor, and ``complaints`` about it."""
        self.config = base
        self._base = base
        self._began_with = base
        self._lasting = list(complaints)
        self._passing: list[str] = []
        self._told: set[str] = set(complaints)

    @property
    def complaints(self) -> list[str]:
        """What is wrong in the options that are in force, and what of them waits for the next start."""
        return self._lasting + self._passing

    def begin(self, options: object) -> None:
        """Lay ``initializationOptions`` over the base.

        What lies under ``settings`` there is what ``change`` will replace: an editor that changes settings later
        can so have them count from the first request on.
        """
        first: object = None
        if isinstance(options, Mapping) and FIRST in options:
            first = options[FIRST]
            options = {name: value for name, value in options.items() if name != FIRST}
        self._base, complaints = self._laid_over(options, "initializationOptions")
        self._lasting += self._new(complaints)
        self.config, self._passing = self._laid_over(first, "settings")
        self._told.update(self._passing)
        self._began_with = self.config

    def change(self, options: object) -> list[str]:
        """The editor's settings are ``options`` now: they replace those it sent before, not what it began with.

        Returns what a person should know: what is wrong in them, and what waits for the next start.
        """
        self.config, complaints = self._laid_over(options, "settings")
        waiting = [name for name in ONLY_AT_START if getattr(self.config, name) != getattr(self._began_with, name)]
        if waiting:
            complaints.append(f"A change of {' and '.join(waiting)} takes effect when the server is started again.")
        self._passing = complaints
        return self._new(complaints)

    def _laid_over(self, options: object, origin: str) -> tuple[Config, list[str]]:
        if options is None or options == []:  # an empty table of Lua may be either
            return self._base, []
        if not isinstance(options, Mapping):
            return self._base, [f"{origin}: they must be an object; they are ignored."]
        kept, refused = configuration.without_personal(self._base, options, origin)
        config, complaints = configuration.apply(self._base, kept, origin)
        return config, refused + complaints

    def _new(self, complaints: Sequence[str]) -> list[str]:
        new = [complaint for complaint in complaints if complaint not in self._told]
        self._told.update(new)
        return new


def ours(settings: object) -> object:
    """Our part of what ``workspace/didChangeConfiguration`` carries; ``None`` where the editor wants to be asked."""
    return settings.get(SECTION) if isinstance(settings, Mapping) else settings
