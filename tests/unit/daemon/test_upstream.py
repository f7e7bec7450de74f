from __future__ import annotations

import socket

from fimble.daemon.link import ToDaemon
from fimble.daemon.upstream import Upstream
from fimble.daemon.watch import Watch


def test_a_server_that_takes_what_it_was_behind_with_lives() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        upstream = Upstream(ToDaemon(ours, 0), Watch(), lambda: None)
        assert not upstream.send([b"a"]), "the system took it, and the server may be frozen"
        assert not upstream.send([b"a" * (1 << 24)])
        assert upstream.is_behind
        assert not upstream.send([b"b"]), "nobody has read"
        theirs.recv(1 << 24)
        assert upstream.send()
        upstream.close()
