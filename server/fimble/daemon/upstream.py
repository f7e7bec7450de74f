"""The proxy's end of its link to a server: what has come is cut into messages, what is not taken yet is kept."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterable, Iterator

from fimble.daemon.link import Link, read, write
from fimble.daemon.watch import Watch
from fimble.lsp.framing import BadFrame, FrameReader


class Upstream:
    """To one server, from the moment it is found until it is left."""

    def __init__(self, link: Link, watch: Watch, on_bytes: Callable[[], None]) -> None:
        """``on_bytes`` is called when there is something to read."""
        self._link, self._watch, self._on_bytes = link, watch, on_bytes
        self._frames = FrameReader()
        self._unsent = bytearray()
        watch.add(link.read_fd, on_bytes)

    @property
    def is_behind(self) -> bool:
        """Whether the server has not taken all that was sent."""
        return bool(self._unsent)

    def read(self) -> bytes | None:
        """What has come; empty at the end, ``None`` where nothing has."""
        return read(self._link)

    def cut(self, data: bytes) -> Iterator[bytes | BadFrame]:
        """The messages that ``data`` completes."""
        return self._frames.feed(data)

    def send(self, frames: Iterable[bytes] = ()) -> bool:
        """As much as is taken now; the rest as soon as it can be.

        Returns whether the server shows by this that it lives: it has taken more of what it was behind with.
        """
        link, watch, was_behind, num_taken = self._link, self._watch, self.is_behind, 0
        for frame in frames:
            self._unsent += frame
        if self._unsent:
            num_taken = write(link, self._unsent)
            del self._unsent[:num_taken]
        events = selectors.EVENT_WRITE if self._unsent else 0
        if link.write_fd == link.read_fd:
            watch.add(link.read_fd, self._on_bytes, selectors.EVENT_READ | events)
        elif events:
            watch.add(link.write_fd, lambda: None, events)
        else:
            watch.remove(link.write_fd)
        return was_behind and num_taken > 0

    def finish(self, timeout_s: float) -> Iterator[bytes | BadFrame]:
        """Send the rest, then the end, and take what the server says to that, all within ``timeout_s``."""
        deadline_s = time.monotonic() + timeout_s
        is_finished, link = False, self._link
        while (left_s := deadline_s - time.monotonic()) > 0:
            if not is_finished:
                self.send()
            if not self._unsent and not is_finished:
                is_finished = True
                self._watch.remove(link.write_fd)
                link.finish()
            with selectors.PollSelector() as selector:
                selector.register(link.read_fd, selectors.EVENT_READ)
                selector.select(min(left_s, 0.05 if self._unsent else left_s))
            data = self.read()
            if data == b"":
                return
            yield from self.cut(data or b"")

    def close(self) -> None:
        """Leave the server."""
        self._watch.remove(self._link.read_fd)
        self._watch.remove(self._link.write_fd)
        self._link.close()

    def kill(self) -> None:
        """End a server that does not answer."""
        self._link.kill()
