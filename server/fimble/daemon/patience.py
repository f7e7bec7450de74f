"""How long a proxy waits for what."""

from __future__ import annotations

from dataclasses import dataclass

FREEZE_S = 8.0
"""A daemon that gives no sign of life for so long, while somebody waits, is ended."""
AGAIN_S = (0.0, 1.0, 5.0, 30.0)
"""After each of several ends in a row, the next daemon is started so much later; after the last one seldom."""
_SELDOM_S = 300.0


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds."""

    freeze_s: float = FREEZE_S
    again_s: tuple[float, ...] = AGAIN_S
    seldom_s: float = _SELDOM_S
