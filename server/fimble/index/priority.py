"""The place of this process behind all others."""

from __future__ import annotations

import contextlib
import os
import sys


def lower_priority() -> None:
    """Let every other process go first, with the processor and with the disk, as far as the system can."""
    import psutil

    own = psutil.Process()
    with contextlib.suppress(OSError, psutil.Error, AttributeError, ValueError):
        own.nice(getattr(psutil, "IDLE_PRIORITY_CLASS", 19))
    with contextlib.suppress(OSError, psutil.Error, AttributeError, ValueError):
        own.ionice(getattr(psutil, "IOPRIO_VERYLOW", None) or psutil.IOPRIO_CLASS_IDLE)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
