"""Who is next: urgency first, nobody starves, long work is shared out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.daemon.line import AHEAD_MS, PATIENCE_S, Line, Waiting
from fimble.engine.base import Urgency

URGENCIES = tuple(Urgency)


def test_nobody_waits() -> None:
    assert Line().next(0.0) is None


def test_the_more_urgent_goes_first_whatever_came_before() -> None:
    line = Line()
    for number, urgency in enumerate((Urgency.IDLE, Urgency.AWAITED, Urgency.KEYSTROKE)):
        line.add(Waiting(number, urgency, asked_s=number, since_s=0.1))
    assert [line.next(0.2).urgency for _ in range(3)] == sorted(URGENCIES)  # type: ignore[union-attr]


def test_of_keystrokes_the_one_that_was_asked_first_is_answered_to_its_end() -> None:
    line = Line()
    first, second = (Waiting(number, Urgency.KEYSTROKE, asked_s=number, since_s=0.0) for number in (0, 1))
    line.add(second)
    line.add(first)
    assert line.next(0.1) is first
    line.charge(0, 10_000)
    again = Waiting(0, Urgency.KEYSTROKE, asked_s=0, since_s=0.1)
    line.add(again)
    assert line.next(0.2) is again
    assert line.next(0.2) is second


def test_who_leaves_is_not_called() -> None:
    line = Line()
    one, other = (Waiting(number, Urgency.AWAITED, 0.0, 0.0) for number in range(2))
    line.add(one)
    line.add(other)
    assert line.remove(one)
    assert not line.remove(one)
    assert line.next(0.0) is other
    assert not line.remove(other)
    assert len(line) == 0


def test_who_comes_back_after_a_pause_has_saved_nothing_up() -> None:
    """One works alone for an hour; another comes: from then on they take turns."""
    line = Line()
    for _ in range(1000):
        line.add(Waiting("old", Urgency.AWAITED, 0.0, 0.0))
        assert line.next(0.0) is not None
        line.charge("old", 1000)
    ran_ms = _serve(line, {"old": 0.0, "new": 1.0}, Urgency.AWAITED, run_ms=50, num_runs=100)
    assert abs(ran_ms["old"] - ran_ms["new"]) <= 2 * AHEAD_MS + 100


def test_work_in_idle_time_goes_on_slowly_while_somebody_types() -> None:
    line, now_s = Line(), 0.0
    idle = Waiting("idle", Urgency.IDLE, 0.0, 0.0)
    line.add(idle)
    while True:
        line.add(Waiting("typed", Urgency.KEYSTROKE, now_s, now_s))
        chosen = line.next(now_s)
        if chosen is idle:
            break
        now_s += 0.05
    assert PATIENCE_S[Urgency.IDLE] <= now_s <= PATIENCE_S[Urgency.IDLE] + 0.1


@given(st.lists(st.floats(1, 100), min_size=2, max_size=8))
def test_long_work_is_shared_out(run_ms: list[float]) -> None:
    """Whatever their runs take: while all wait, none gets further ahead than the limit and one run."""
    line, used_ms, sessions = Line(), dict.fromkeys(range(len(run_ms)), 0.0), range(len(run_ms))
    for session in sessions:
        line.add(Waiting(session, Urgency.AWAITED, float(session), 0.0))
    for _ in range(300):
        chosen = line.next(0.0)
        assert chosen is not None
        assert isinstance(chosen.session, int)
        session = chosen.session
        assert used_ms[session] <= min(used_ms.values()) + AHEAD_MS
        used_ms[session] += run_ms[session]
        line.charge(session, run_ms[session])
        line.add(Waiting(session, Urgency.AWAITED, float(session), 0.0))


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from(URGENCIES), st.floats(0.001, 0.3), st.floats(0, 0.5)), min_size=1, max_size=8),
    st.integers(0, 10_000),
)
def test_nobody_starves(sessions: list[tuple[Urgency, float, float]], seed: int) -> None:
    """Sessions that ask without end, of any urgency and length of run: each wait is bounded.

    By the patience, and by one run of every other that waits longer, and the one that runs.
    """
    line, now_s = Line(), 0.0
    for number, (urgency, _, begins_s) in enumerate(sessions):
        line.add(Waiting(number, urgency, asked_s=float((seed * (number + 1)) % 97), since_s=begins_s))
    bound_s = max(PATIENCE_S.values()) + sum(run_s for _, run_s, _ in sessions) * 2
    for _ in range(400):
        chosen = line.next(now_s)
        assert chosen is not None
        assert now_s - chosen.since_s <= bound_s
        assert isinstance(chosen.session, int)
        urgency, run_s, _ = sessions[chosen.session]
        now_s += run_s
        line.charge(chosen.session, run_s * 1000)
        line.add(Waiting(chosen.session, urgency, asked_s=now_s, since_s=now_s))
    for waiting in [line.next(now_s) for _ in range(len(line))]:
        assert waiting is not None
        assert now_s - waiting.since_s <= bound_s


def _serve(line: Line, asked_s: dict[str, float], urgency: Urgency, run_ms: float, num_runs: int) -> dict[str, float]:
    """What each of the sessions gets, all of which always want more."""
    ran_ms = dict.fromkeys(asked_s, 0.0)
    for session in asked_s:
        line.add(Waiting(session, urgency, asked_s[session], 0.0))
    for _ in range(num_runs):
        chosen = line.next(0.0)
        assert chosen is not None
        session = str(chosen.session)
        ran_ms[session] += run_ms
        line.charge(session, run_ms)
        line.add(Waiting(session, urgency, asked_s[session], 0.0))
    return ran_ms
