"""Descriptors that are watched, and what is to be done when something can be read or written there."""

from __future__ import annotations

import selectors
from collections.abc import Callable

Handler = Callable[[], None]


class Watch:
    """Used on one thread."""

    def __init__(self) -> None:
        self._selector = selectors.PollSelector()

    def add(self, fd: int, handler: Handler, events: int = selectors.EVENT_READ) -> None:
        """Watch ``fd`` for ``events``, instead of for others if it is watched already."""
        key = self._selector.get_map().get(fd)
        if key is None:
            self._selector.register(fd, events, handler)
        elif key.events != events:
            self._selector.modify(fd, events, handler)

    def remove(self, fd: int) -> None:
        """Watch it no more, if it is watched."""
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def wait(self, timeout_s: float | None) -> None:
        """Until something happens, and handle that; ``None``: however long it takes."""
        for key, _ in self._selector.select(timeout_s):
            handler: Handler = key.data
            handler()
