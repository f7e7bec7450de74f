from __future__ import annotations

from fimble.daemon.comeback import STABLE_S, Comeback


def test_who_ends_in_a_row_is_looked_for_later_and_later() -> None:
    comeback = Comeback((0.0, 1.0, 5.0), 300.0)
    assert [comeback.after_end(10.0) for _ in range(3)] == [0.0, 1.0, 5.0]
    delays_s = [(comeback.is_seldom, comeback.after_end(10.0), comeback.is_seldom) for _ in range(2)]
    assert delays_s == [(False, 300.0, True), (True, 300.0, False)], "that it is seldom now is said once"
    assert comeback.num_ends == 5


def test_it_is_looked_for_once() -> None:
    comeback = Comeback((5.0,), 300.0)
    assert not comeback.is_due(1e9)
    comeback.after_end(10.0)
    assert comeback.at_s == 15.0
    assert not comeback.is_due(14.9)
    assert comeback.is_due(15.0)
    assert not comeback.is_due(16.0)


def test_who_lived_long_did_not_end_in_a_row() -> None:
    comeback = Comeback((0.0, 1.0), 300.0)
    comeback.after_end(10.0)
    assert comeback.after_end(200.0, lived_s=STABLE_S + 1) == 0.0
    assert comeback.num_ends == 1
    assert comeback.after_end(201.0, lived_s=1.0) == 1.0
