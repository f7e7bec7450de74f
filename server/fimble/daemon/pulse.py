"""Whether a server is alive: it is asked when it owes something and has been silent, and given up when it stays so.

Without a clock: times are seconds of any clock that does not run backwards.
"""

from __future__ import annotations

PING_AFTER_S = 1.0
"""A server that owes something and has said nothing for so long is asked for a sign of life."""


class Pulse:
    """Of one server after another."""

    def __init__(self, freeze_s: float) -> None:
        """``freeze_s``: how long an answer to the question may take."""
        self._freeze_s = freeze_s
        self._heard_s = self._owed_s = 0.0
        self._pinged_s: float | None = None

    def heard(self, now_s: float) -> None:
        """It has given a sign of life."""
        self._heard_s, self._pinged_s = now_s, None

    def owes_nothing(self, now_s: float) -> None:
        """Until now it may be silent."""
        self._owed_s = now_s

    def ask_again(self) -> None:
        """Whether it has answered in time nobody knows: who asked was stopped itself. Or another one is here."""
        self._pinged_s = None

    def is_ping_due(self, now_s: float) -> bool:
        """Whether to ask it now."""
        return self._pinged_s is None and now_s - max(self._heard_s, self._owed_s) >= PING_AFTER_S

    def pinged(self, now_s: float) -> None:
        """It is asked."""
        self._pinged_s = now_s

    def frozen_s(self, now_s: float) -> float:
        """For how long it has not answered, where that is too long; else 0."""
        silent_s = now_s - self._pinged_s if self._pinged_s is not None else 0.0
        return silent_s if silent_s >= self._freeze_s else 0.0
