from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fimble.daemon.address import Address
from fimble.daemon.hello import SERVING, Hello, Reply, read_hello, to_line
from fimble.daemon.locking import Lock, holder_of
from fimble.daemon.meeting import Frozen, end, meet
from fimble.errors import DaemonUnavailable

HELLO = Hello("1.0")


@pytest.fixture
def address() -> Iterator[Address]:
    with tempfile.TemporaryDirectory(prefix="fm") as folder:
        yield Address(Path(folder), "a")


def listening(address: Address, behave: Callable[[socket.socket], None]) -> socket.socket:
    """A process at ``address`` that does so with whoever connects."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(address.socket))
    address.socket.chmod(0o600)
    server.listen()

    def accept() -> None:
        with contextlib.suppress(OSError):  # nobody came
            talk, _ = server.accept()
            with talk:
                behave(talk)

    threading.Thread(target=accept, daemon=True).start()
    return server


def test_nobody_is_there(address: Address) -> None:
    assert meet(address, HELLO, 1.0) is None
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(address.socket))
        address.socket.chmod(0o600)
    assert meet(address, HELLO, 1.0) is None


def test_a_daemon_answers_and_what_it_says_next_is_not_lost(address: Address) -> None:
    heard: list[Hello] = []

    def behave(talk: socket.socket) -> None:
        heard.append(read_hello(talk.recv(1000)))
        talk.sendall(to_line(Reply("2.0", 7, SERVING)) + b"Content-")

    with listening(address, behave):
        met = meet(address, HELLO, 5.0)
    assert met is not None
    with met.socket:
        assert (met.reply.version, met.rest, heard) == ("2.0", b"Content-", [HELLO])
        assert met.pid == os.getpid()


def test_one_that_leaves_instead_of_answering_is_not_there(address: Address) -> None:
    with listening(address, lambda talk: None):
        assert meet(address, HELLO, 5.0) is None


def test_one_that_says_nothing_is_frozen(address: Address) -> None:
    done = threading.Event()
    with listening(address, lambda talk: (done.wait(), None)[1]), pytest.raises(Frozen) as frozen:
        meet(address, HELLO, 0.1)
    done.set()
    assert frozen.value.pid == os.getpid()


def test_who_finds_no_place_at_the_door_waits_for_one(address: Address) -> None:
    """A daemon that many come to at once is not frozen, and must not be ended."""
    with socket.socket(socket.AF_UNIX) as server, contextlib.ExitStack() as before:
        server.bind(str(address.socket))
        address.socket.chmod(0o600)
        server.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                talk = before.enter_context(socket.socket(socket.AF_UNIX))
                talk.setblocking(False)
                talk.connect(str(address.socket))
        with pytest.raises(Frozen):
            meet(address, HELLO, 0.05)
        answering = threading.Timer(0.1, lambda: answer_all(server))
        answering.start()
        met = meet(address, HELLO, 10.0)
        assert met is not None and met.reply.state == SERVING
        met.socket.close()
        answering.join()


def answer_all(server: socket.socket) -> None:
    """Until somebody comes who says something."""
    while True:
        talk, _ = server.accept()
        with talk:
            talk.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                if talk.recv(1 << 16):
                    talk.sendall(to_line(Reply("1.0", os.getpid(), SERVING)))
                    return


def test_something_else_is_no_daemon(address: Address) -> None:
    def behave(talk: socket.socket) -> None:
        talk.recv(1 << 16)  # else the end of the connection may overtake the answer
        talk.sendall(b"HTTP/1.1 400 Bad Request\r\n")

    with listening(address, behave), pytest.raises(DaemonUnavailable, match="no daemon"):
        meet(address, HELLO, 5.0)


def test_another_users_process_is_refused(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(address, lambda talk: None):
        uid = address.socket.stat().st_uid
        asked: list[int] = []

        def geteuid() -> int:
            asked.append(uid)
            return uid if len(asked) == 1 else uid + 1

        monkeypatch.setattr("os.geteuid", geteuid)
        with pytest.raises(DaemonUnavailable, match="another user's process"):
            meet(address, HELLO, 5.0)


def test_a_lock_is_free_when_its_holder_is_gone(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "l"), Lock(tmp_path / "l")
    assert first.acquire()
    first.sign(7)
    assert not second.acquire()
    assert holder_of(tmp_path / "l") == 7
    first.release()
    assert holder_of(tmp_path / "l") == 0
    assert second.acquire(5.0)
    second.release()


def test_a_process_that_does_not_answer_is_ended() -> None:
    process = subprocess.Popen(["sleep", "60"])
    assert end(process.pid)
    assert process.wait() == -9
    assert not end(0) and not end(1) and not end(os.getpid())
