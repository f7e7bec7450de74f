"""Memory that was freed, back to the system: glibc keeps it for itself until it is told."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys


def give_free_memory_back() -> None:
    """As much as can be given; takes some milliseconds. Does nothing but collect garbage where there is no glibc."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
