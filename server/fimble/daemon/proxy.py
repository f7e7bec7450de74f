"""What an editor starts: it finds or starts the daemon and passes messages on, and it outlives the daemon.

It holds no model and imports nothing large. When the daemon ends without having been asked to, or stops answering,
the next one is started and told all that the editor has told; a person reads one message. A daemon that ends again
and again is started less and less often.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from fimble.daemon.comeback import Comeback
from fimble.daemon.outlet import Outlet
from fimble.daemon.patience import Patience
from fimble.daemon.pulse import PING_AFTER_S, Pulse
from fimble.daemon.relay import Relay
from fimble.daemon.seeking import Found, Seeking
from fimble.daemon.upstream import Upstream
from fimble.daemon.voice import WARNING
from fimble.daemon.watch import Watch
from fimble.lsp.framing import FrameReader

_ABSENT_FROM_S = 5.0
"""Who asks while the next daemon is so far away is told that there is nothing."""
_QUIET_S, _MOVE_AT_LAST_S = 1.0, 20.0
_DRAIN_S = 1.0
_WRITE_S = 0.5
_LATE_S = 2.0
_READ_BYTES = 1 << 18


class Proxy:
    """One editor's process."""

    def __init__(self, seeking: Seeking, patience: Patience, in_fd: int = 0, out_fd: int = 1) -> None:
        self._seeking, self._in_fd = seeking, in_fd
        self._relay = Relay(_to_stderr)
        self._outlet = Outlet(out_fd)
        self._watch = Watch()
        self._from_editor = FrameReader()
        self._upstream: Upstream | None = None
        self._code: int | None = None
        self._editor_handle = -1
        self._pulse = Pulse(patience.freeze_s)
        self._comeback = Comeback(patience.again_s, patience.seldom_s)
        self._has_told_alone = False
        self._begun_s = self._typed_s = 0.0
        self._move_since_s: float | None = None

    def run(self) -> int:
        """Serve until the editor leaves. Returns the exit code: 0 after ``shutdown`` or a signal, else 1."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._end(0))
        signal.set_wakeup_fd(self._seeking.signal_fd, warn_on_full_buffer=False)
        self._watch.add(self._in_fd, self._on_editor)
        self._watch.add(self._seeking.wake_fd, self._on_found)
        self._seeking.begin()
        while self._code is None:
            timeout_s = self._timeout_s()
            asked_s = time.monotonic()
            self._watch.wait(timeout_s)
            if timeout_s is not None and time.monotonic() - asked_s > timeout_s + _LATE_S:
                self._pulse.ask_again()  # this process was stopped itself
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
        except (AttributeError, OSError, OverflowError):  # on another machine, or nothing of the kind: the pipe tells
            self._editor_handle = 0
            return
        self._watch.add(self._editor_handle, lambda: self._end(1))

    def _on_found(self) -> None:
        found = self._seeking.take()
        if found is not None:
            self._begin(found)

    def _begin(self, found: Found) -> None:
        relay = self._relay
        if found.problem:
            _to_stderr(f"No daemon: {found.problem}")
        if found.link is None:
            self._again(f"cannot be started ({found.problem.rstrip('.')})")
            return
        if found.problem and not self._has_told_alone:
            self._has_told_alone = True
            relay.voice.tell(WARNING, f"{found.problem} This window serves itself, which takes more memory.")
        self._begun_s = time.monotonic()
        self._pulse.heard(self._begun_s)
        self._upstream = Upstream(found.link, self._watch, self._on_server)
        relay.begin()
        self._take(found.first)

    def _on_server(self) -> None:
        assert self._upstream is not None
        data = self._upstream.read()
        if data is None:
            return
        if not data:
            if self._relay.shall_move:
                self._move()
            else:
                self._lose("ended unexpectedly")
            return
        self._pulse.heard(time.monotonic())
        self._take(data)

    def _take(self, data: bytes) -> None:
        assert self._upstream is not None
        for frame in self._upstream.cut(data):
            self._relay.from_server(frame)

    def _lose(self, how: str) -> None:
        """The server is gone, and was not asked to go."""
        self._cut()
        if self._relay.mirror.is_shut_down:
            return
        self._again(how, time.monotonic() - self._begun_s)

    def _again(self, how: str, lived_s: float = 0.0) -> None:
        """Look for another server, now or later."""
        relay, voice, comeback = self._relay, self._relay.voice, self._comeback
        delay_s = comeback.after_end(time.monotonic(), lived_s)
        _to_stderr(f"fimble's engine {how}; it is started again in {delay_s:.0f} s")
        if comeback.num_ends == 1:
            voice.tell(WARNING, f"the engine {how} and is started again. No document is lost.")
        elif comeback.is_seldom:
            row = f"the engine {how}, for the {comeback.num_ends}th time in a row. Until it runs, nothing is suggested;"
            voice.tell(WARNING, f"{row} `fimble daemon` says where its log is.")
        if delay_s >= _ABSENT_FROM_S:
            voice.tell_condition("Error", f"the engine {how}; it is tried again", is_busy=False)
            relay.give_up()
        else:
            voice.tell_condition("Normal", "the engine is started again", is_busy=True)

    def _cut(self) -> None:
        """There is no server any more."""
        upstream, self._upstream = self._upstream, None
        if upstream is None:
            return
        upstream.close()
        self._pulse.ask_again()
        self._move_since_s = None
        self._relay.lose()

    def _mind_time(self) -> None:
        now_s = time.monotonic()
        if self._comeback.is_due(now_s):
            self._relay.hope()
            self._seeking.begin()
        if self._upstream is None or self._relay.mirror.is_shut_down:
            return
        if self._relay.shall_move:
            self._mind_moving(now_s)
        elif not self._is_owed:
            self._pulse.owes_nothing(now_s)
        else:
            self._mind_freezing(now_s, self._upstream)

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

    def _mind_freezing(self, now_s: float, upstream: Upstream) -> None:
        pulse = self._pulse
        if pulse.is_ping_due(now_s):
            if not self._relay.errands.is_pinged:
                self._relay.ping()
            pulse.pinged(now_s)
        elif frozen_s := pulse.frozen_s(now_s):
            upstream.kill()
            self._lose(f"did not answer for {frozen_s:.0f} s")

    @property
    def _is_owed(self) -> bool:
        """Whether the server has something to do for the editor."""
        return self._relay.is_waiting or (self._upstream is not None and self._upstream.is_behind)

    def _timeout_s(self) -> float | None:
        """Until ``_mind_time`` has something to mind."""
        now_s = time.monotonic()
        if self._upstream is None:
            at_s = self._comeback.at_s
            return None if at_s is None else max(0.0, at_s - now_s)
        if self._relay.shall_move:
            return _QUIET_S / 4
        return PING_AFTER_S / 2 if self._is_owed else None

    def _flush(self) -> None:
        relay = self._relay
        for frame in relay.to_editor:
            self._outlet.put(frame)
        relay.to_editor.clear()
        if self._upstream is not None:
            if self._upstream.send(relay.to_server):
                self._pulse.heard(time.monotonic())
            relay.to_server.clear()

    def _leave(self) -> None:
        """Let the server hear the end, and the editor what was said before it."""
        self._flush()
        if self._upstream is not None:
            for frame in self._upstream.finish(_DRAIN_S):
                self._relay.from_server(frame)
        for frame in self._relay.to_editor:
            self._outlet.put(frame)
        self._outlet.close(_WRITE_S)


def _to_stderr(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
