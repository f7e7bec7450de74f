from __future__ import annotations

from fimble.daemon.pulse import PING_AFTER_S, Pulse


def test_a_server_that_is_silent_while_it_owes_something_is_asked_and_at_last_frozen() -> None:
    pulse = Pulse(freeze_s=8.0)
    pulse.heard(100.0)
    pulse.owes_nothing(200.0)
    assert not pulse.is_ping_due(200.0 + PING_AFTER_S / 2)
    assert pulse.is_ping_due(200.0 + PING_AFTER_S)
    pulse.pinged(201.0)
    assert not pulse.is_ping_due(205.0)
    assert pulse.frozen_s(208.9) == 0.0
    assert pulse.frozen_s(209.5) == 8.5


def test_a_sign_of_life_begins_it_anew() -> None:
    pulse = Pulse(freeze_s=8.0)
    pulse.pinged(10.0)
    pulse.heard(17.0)
    assert pulse.frozen_s(100.0) == 0.0
    assert not pulse.is_ping_due(17.5)
    assert pulse.is_ping_due(18.0)


def test_who_was_stopped_itself_asks_again() -> None:
    pulse = Pulse(freeze_s=8.0)
    pulse.pinged(10.0)
    pulse.ask_again()
    assert pulse.frozen_s(1000.0) == 0.0
    assert pulse.is_ping_due(1000.0)
