from __future__ import annotations

from fimble.daemon.errands import Errands
from fimble.daemon.wire import PING, message_in


def test_answers_to_ones_own_requests_are_known_once() -> None:
    errands = Errands()
    frame = errands.send(PING, None)
    message = message_in(frame.partition(b"\r\n\r\n")[2])
    assert message["method"] == PING and errands.is_pinged
    assert not errands.is_done(1)
    assert errands.is_done(message["id"])
    assert not errands.is_done(message["id"]) and not errands.is_pinged


def test_what_a_server_that_is_gone_was_asked_is_forgotten_and_its_id_not_used_again() -> None:
    errands = Errands()
    first = errands.send(PING, None)
    errands.forget()
    assert not errands.is_pinged
    assert errands.send(PING, None) != first
