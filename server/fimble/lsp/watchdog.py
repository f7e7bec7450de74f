"""Knows when another process has ended, so that no server outlives its editor."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

logger = logging.getLogger(__name__)

_POLL_S = 0.5


async def ended(process_id: int) -> bool:
    """Wait until ``process_id`` has ended.

    Returns false at once when no such process can be seen: the editor then lives on
    another machine or in another container, and only its connection can be watched.
    """
    if sys.platform == "win32" or process_id <= 0:
        return False
    try:
        pidfd = os.pidfd_open(process_id)
    except ProcessLookupError:
        logger.info("The editor's process %d cannot be seen from here.", process_id)
        return False
    except (AttributeError, OSError):
        return await _poll(process_id)
    try:
        await _readable(pidfd)
    finally:
        os.close(pidfd)
    return True


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


async def _poll(process_id: int) -> bool:
    if not _alive(process_id):
        return False
    while _alive(process_id):
        await asyncio.sleep(_POLL_S)
    return True


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
