"""When the next server is looked for after one has ended: at once, and later and later where they end in a row."""

from __future__ import annotations

STABLE_S = 60.0
"""Who lived so long did not end in a row with the one before."""


class Comeback:
    """Counts the ends. Without a clock: times are seconds of any clock that does not run backwards."""

    def __init__(self, again_s: tuple[float, ...], seldom_s: float) -> None:
        """``again_s``: after each of several ends in a row how much later; after more of them ``seldom_s``."""
        self._again_s, self._seldom_s = again_s, seldom_s
        self._num_ends = 0
        self.at_s: float | None = None
        """When to look; nothing where that is not to be done."""

    @property
    def num_ends(self) -> int:
        """In a row."""
        return self._num_ends

    @property
    def is_seldom(self) -> bool:
        """Whether it is at this end that it has become seldom."""
        return self._num_ends == len(self._again_s) + 1

    def after_end(self, now_s: float, lived_s: float = 0.0) -> float:
        """A server that lived so long has ended. Returns after how many seconds the next one is looked for."""
        before = 0 if lived_s > STABLE_S else self._num_ends
        self._num_ends = before + 1
        delay_s = self._again_s[before] if before < len(self._again_s) else self._seldom_s
        self.at_s = now_s + delay_s
        return delay_s

    def is_due(self, now_s: float) -> bool:
        """Whether to look now; said once."""
        if self.at_s is None or now_s < self.at_s:
            return False
        self.at_s = None
        return True
