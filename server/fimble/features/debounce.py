"""When to ask the model after a key: at once, or only when the person pauses."""

from __future__ import annotations

import time
from collections.abc import Callable

USUAL_INTERVAL_MS = 200.0
PAUSE_MS = 1000.0
"""Longer gaps say nothing about the rhythm: the person was thinking."""
MAX_DELAY_MS = 150.0
SLOW = 2.0
"""The engine is slow when an answer takes this many key intervals."""
_WEIGHT = 0.2


def delay_ms(interval_ms: float, answer_ms: float) -> float:
    """How long to wait for another key before the model is asked, in milliseconds.

    Nothing, where an answer is likely before the next key or soon after it: a request that
    is overtaken is stopped in milliseconds, what it has read stays read, and the next key often agrees
    with what it has written. A slow engine would only be kept busy with answers that nobody sees, so it
    waits until the person seems to have paused.
    """
    if answer_ms <= SLOW * interval_ms:
        return 0.0
    return min(MAX_DELAY_MS, 0.75 * interval_ms)


class Rhythm:
    """A person's rhythm on the keyboard, learned from their keys."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_s: float | None = None
        self.interval_ms = USUAL_INTERVAL_MS

    def key_pressed(self) -> None:
        """Take in a key, now."""
        now_s = self._clock()
        if self._last_s is not None and (now_s - self._last_s) * 1000 < PAUSE_MS:
            self.interval_ms += _WEIGHT * ((now_s - self._last_s) * 1000 - self.interval_ms)
        self._last_s = now_s

    def delay_ms(self, answer_ms: float) -> float:
        """``delay_ms`` at this rhythm."""
        return delay_ms(self.interval_ms, answer_ms)
