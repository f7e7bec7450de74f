"""How much memory this process takes, and giving back what it does not need any more."""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import cache
from typing import Any


def used_mb() -> float:
    """What this process has in memory now."""
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


def give_back() -> None:
    """Hand to the system what Python and the C library hold without need; takes some milliseconds."""
    gc.collect()
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    """What glibc has for it; other systems do it by themselves, or not at all."""
    if sys.platform != "linux":
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
