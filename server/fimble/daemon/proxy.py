"""What an editor starts: it finds or starts the daemon and passes messages on, and it outlives the daemon.

It holds no model and imports nothing large. When the daemon ends without having been asked to, or stops answering,
the next one is started and told all that the editor has told; a person reads one message. A daemon that ends again
and again is started less and less often.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from fimble.daemon.link import Link, read, write
from fimble.daemon.outlet import Outlet
from fimble.daemon.relay import WARNING, Relay
from fimble.daemon.seeking import Found, Seeking
from fimble.lsp.framing import FrameReader

FREEZE_S = 8.0
"""A daemon that gives no sign of life for so long, while somebody waits, is ended."""
AGAIN_S = (0.0, 1.0, 5.0, 30.0)
"""After each of several ends in a row, the next daemon is started so much later; after the last one seldom."""
_PING_AFTER_S = 1.0
_SELDOM_S = 300.0
_STABLE_S = 60.0
"""Who lived so long did not end in a row with the one before."""
_ABSENT_FROM_S = 5.0
"""Who asks while the next daemon is so far away is told that there is nothing."""
_QUIET_S, _MOVE_AT_LAST_S = 1.0, 20.0
_DRAIN_S = 1.0
_WRITE_S = 0.5
_LATE_S = 2.0
_READ_BYTES = 1 << 18

_Handler = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a proxy waits for what."""

    freeze_s: float = FREEZE_S
    again_s: tuple[float, ...] = AGAIN_S
    seldom_s: float = _SELDOM_S


class Proxy:
    """One editor's process."""

    def __init__(self, seeking: Seeking, patience: Patience, in_fd: int = 0, out_fd: int = 1) -> None:
        self._seeking, self._patience, self._in_fd = seeking, patience, in_fd
        self._relay = Relay(_to_stderr)
        self._outlet = Outlet(out_fd)
        self._selector = selectors.PollSelector()
        self._from_editor = FrameReader()
        self._from_server = FrameReader()
        self._link: Link | None = None
        self._unsent = bytearray()
        self._code: int | None = None
        self._editor_handle = -1
        self._num_ends = 0
        self._has_told_alone = False
        self._begun_s = self._heard_s = self._owed_s = self._typed_s = 0.0
        self._seek_at_s: float | None = None
        self._pinged_s: float | None = None
        self._move_since_s: float | None = None

    def run(self) -> int:
        """Serve until the editor leaves. Returns the exit code: 0 after ``shutdown`` or a signal, else 1."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._end(0))
        signal.set_wakeup_fd(self._seeking.signal_fd, warn_on_full_buffer=False)
        self._watch(self._in_fd, self._on_editor)
        self._watch(self._seeking.wake_fd, self._on_found)
        self._seeking.begin()
        while self._code is None:
            timeout_s = self._timeout_s()
            asked_s = time.monotonic()
            for key, _ in self._selector.select(timeout_s):
                handler: _Handler = key.data
                handler()
            if timeout_s is not None and time.monotonic() - asked_s > timeout_s + _LATE_S:
                self._pinged_s = None  # this process was stopped itself
            self._mind_time()
            self._flush()
        self._leave()
        return self._code

    def _end(self, code: int) -> None:
        if self._code is None:
            self._code = code

    def _on_editor(self) -> None:
        try:
            data = os.read(self._in_fd, _READ_BYTES)
        except OSError:
            data = b""
        self._typed_s = time.monotonic()
        relay = self._relay
        for frame in self._from_editor.feed(data):
            relay.from_editor(frame)
            if relay.is_over:
                break
        if relay.is_over or not data:
            self._end(0 if relay.mirror.is_shut_down else 1)
        if self._editor_handle < 0 and relay.mirror.editors_pid is not None:
            self._watch_editor(relay.mirror.editors_pid)

    def _watch_editor(self, pid: int) -> None:
        """An editor may die while others hold its end of the pipe."""
        try:
            self._editor_handle = os.pidfd_open(pid)
        except (AttributeError, OSError):  # on another machine, or this system has no such thing: the pipe tells
            self._editor_handle = 0
            return
        self._watch(self._editor_handle, lambda: self._end(1))

    def _on_found(self) -> None:
        found = self._seeking.take()
        if found is not None:
            self._begin(found)

    def _begin(self, found: Found) -> None:
        relay = self._relay
        if found.problem:
            _to_stderr(f"No daemon: {found.problem}")
        if found.link is None:
            self._again(f"It cannot be started: {found.problem}")
            return
        if found.problem and not self._has_told_alone:
            self._has_told_alone = True
            relay.tell(WARNING, f"{found.problem} This window serves itself, which takes more memory.")
        self._link, self._from_server = found.link, FrameReader()
        self._begun_s = self._heard_s = time.monotonic()
        self._watch(found.link.read_fd, self._on_server)
        relay.begin()
        self._take(found.first)

    def _on_server(self) -> None:
        assert self._link is not None
        data = read(self._link)
        if data is None:
            return
        if not data:
            if self._relay.shall_move:
                self._move()
            else:
                self._lose("ended unexpectedly")
            return
        self._heard_s, self._pinged_s = time.monotonic(), None
        self._take(data)

    def _take(self, data: bytes) -> None:
        for frame in self._from_server.feed(data):
            self._relay.from_server(frame)

    def _lose(self, how: str) -> None:
        """The server is gone, and was not asked to go."""
        self._cut()
        if self._relay.mirror.is_shut_down:
            return
        if time.monotonic() - self._begun_s > _STABLE_S:
            self._num_ends = 0
        self._again(how)

    def _again(self, how: str) -> None:
        """Look for another server, now or later."""
        relay, delays_s = self._relay, self._patience.again_s
        num_ends, self._num_ends = self._num_ends, self._num_ends + 1
        delay_s = delays_s[num_ends] if num_ends < len(delays_s) else self._patience.seldom_s
        self._seek_at_s = time.monotonic() + delay_s
        _to_stderr(f"fimble's engine {how}; it is started again in {delay_s:.0f} s")
        if num_ends == 0:
            relay.tell(WARNING, f"the engine {how} and is started again. No document is lost.")
        elif num_ends == len(delays_s):
            relay.tell(WARNING, f"the engine {how}, for the {num_ends + 1}th time in a row. Until it runs, nothing is "
                       "suggested; `fimble daemon` says where its log is.")  # fmt: skip
        if delay_s >= _ABSENT_FROM_S:
            relay.tell_condition("Error", f"the engine {how}; it is tried again", is_busy=False)
            relay.give_up()
        else:
            relay.tell_condition("Normal", "the engine is started again", is_busy=True)

    def _cut(self) -> None:
        """There is no server any more."""
        link, self._link = self._link, None
        if link is None:
            return
        self._unwatch(link.read_fd)
        if link.write_fd != link.read_fd:
            self._unwatch(link.write_fd)
        link.close()
        self._unsent.clear()
        self._pinged_s = self._move_since_s = None
        self._relay.lose()

    def _mind_time(self) -> None:
        now_s = time.monotonic()
        if self._seek_at_s is not None and now_s >= self._seek_at_s:
            self._seek_at_s = None
            self._relay.hope()
            self._seeking.begin()
        if self._link is None or self._relay.mirror.is_shut_down:
            return
        if self._relay.shall_move:
            self._mind_moving(now_s)
        elif not self._is_owed:
            self._owed_s = now_s
        else:
            self._mind_freezing(now_s, self._link)

    def _mind_moving(self, now_s: float) -> None:
        """The server ends or makes way: leave it when the person will not notice, or at last all the same."""
        if self._move_since_s is None:
            self._move_since_s = now_s
        is_quiet = not self._relay.is_waiting and now_s - self._typed_s >= _QUIET_S
        if is_quiet or now_s - self._move_since_s >= _MOVE_AT_LAST_S:
            self._move()

    def _move(self) -> None:
        self._cut()
        self._seeking.begin()

    def _mind_freezing(self, now_s: float, link: Link) -> None:
        if self._pinged_s is None:
            if now_s - max(self._heard_s, self._owed_s) >= _PING_AFTER_S:
                if not self._relay.is_pinged:
                    self._relay.ping()
                self._pinged_s = now_s
        elif now_s - self._pinged_s >= self._patience.freeze_s:
            link.kill()
            self._lose(f"did not answer for {now_s - self._pinged_s:.0f} s")

    @property
    def _is_owed(self) -> bool:
        """Whether the server has something to do for the editor."""
        return self._relay.is_waiting or bool(self._unsent)

    def _timeout_s(self) -> float | None:
        """Until ``_mind_time`` has something to mind."""
        now_s = time.monotonic()
        if self._link is None:
            return None if self._seek_at_s is None else max(0.0, self._seek_at_s - now_s)
        if self._relay.shall_move:
            return _QUIET_S / 4
        return _PING_AFTER_S / 2 if self._is_owed else None

    def _flush(self) -> None:
        relay = self._relay
        for frame in relay.to_editor:
            self._outlet.put(frame)
        relay.to_editor.clear()
        link = self._link
        if link is None:
            return
        for frame in relay.to_server:
            self._unsent += frame
        relay.to_server.clear()
        if self._unsent:
            del self._unsent[: write(link, self._unsent)]
        events = selectors.EVENT_WRITE if self._unsent else 0
        if link.write_fd == link.read_fd:
            self._watch(link.read_fd, self._on_server, selectors.EVENT_READ | events)
        elif events:
            self._watch(link.write_fd, lambda: None, events)
        else:
            self._unwatch(link.write_fd)

    def _leave(self) -> None:
        """Let the server hear the end, and the editor what was said before it."""
        deadline_s = time.monotonic() + _DRAIN_S
        is_finished = False
        while self._link is not None and (left_s := deadline_s - time.monotonic()) > 0:
            self._flush()
            if not self._unsent and not is_finished:
                is_finished = True
                self._unwatch(self._link.write_fd) if self._link.write_fd != self._link.read_fd else None
                self._link.finish()
            with selectors.PollSelector() as selector:
                selector.register(self._link.read_fd, selectors.EVENT_READ)
                selector.select(min(left_s, 0.05 if self._unsent else left_s))
            data = read(self._link)
            if data == b"":
                break
            self._take(data or b"")
        for frame in self._relay.to_editor:
            self._outlet.put(frame)
        self._outlet.close(_WRITE_S)

    def _watch(self, fd: int, handler: _Handler, events: int = selectors.EVENT_READ) -> None:
        key = self._selector.get_map().get(fd)
        if key is None:
            self._selector.register(fd, events, handler)
        elif key.events != events:
            self._selector.modify(fd, events, handler)

    def _unwatch(self, fd: int) -> None:
        if fd in self._selector.get_map():
            self._selector.unregister(fd)


def _to_stderr(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
