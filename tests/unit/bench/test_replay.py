"""The two loops and the report, in front of a side whose answers are known."""

from __future__ import annotations

import itertools
import time

from fimble.bench.corpus import SourceFile
from fimble.bench.replay import Answer, Effort, Seen, closed_loop, open_loop, states
from fimble.bench.report import figures, judge, trace
from fimble.bench.script import Kind, Script, Step
from fimble.scoring import is_right


class Clairvoyant:
    """Knows what will be typed, and says so after ``delay_s``; nothing on keys of the kinds in ``silent``."""

    def __init__(self, delay_s: float = 0.0, silent: tuple[Kind, ...] = ()) -> None:
        self.delay_s, self.silent = delay_s, silent
        self.opened: list[str] = []
        self.pressed: list[tuple[Step, float, str]] = []

    def open(self, file: SourceFile) -> None:
        self.opened.append(file.path)

    def press(self, step: Step, before: str, after: str) -> None:
        self.pressed.append((step, time.perf_counter(), after))

    def answer(self, deadline_s: float) -> Answer | None:
        step, pressed_s, _ = self.pressed[-1]
        time.sleep(max(0.0, min(pressed_s + self.delay_s, deadline_s) - time.perf_counter()))
        if pressed_s + self.delay_s > deadline_s:
            return None
        text = "" if step.kind in self.silent else step.truth.rstrip("\n")
        return Answer(text, self.delay_s * 1e3)

    def effort(self) -> Effort:
        is_model = self.pressed[-1][0].kind is not Kind.CHARACTER
        return Effort("model" if is_model else "cache", "", 100, 90, 5, 0.5, 30 * len(self.pressed))


def script(pause_ms: float = 20.0) -> Script:
    """Types ``x = 1``, a line break and ``y`` into a file, with one wrong letter."""
    file = SourceFile("a.py", "python", "a = 0\n\nb = 2\n")
    keys = [
        (Kind.JUMP, 6, 6, "", "x = 1\ny"),
        (Kind.CHARACTER, 6, 6, "x", " = 1\ny"),
        (Kind.CHARACTER, 7, 7, "q", ""),
        (Kind.BACKSPACE, 7, 8, "", " = 1\ny"),
        (Kind.ACCEPT, 7, 7, " = 1", "\ny"),
        (Kind.NEWLINE, 11, 11, "\n", "y"),
        (Kind.CHARACTER, 12, 12, "y", ""),
    ]
    steps = tuple(Step(kind, pause_ms, "a.py", start, end, text, truth) for kind, start, end, text, truth in keys)
    return Script((file,), steps)


def test_both_loops_type_the_same_text() -> None:
    for loop in (closed_loop, open_loop):
        side = Clairvoyant()
        seen = loop(script(), side, lambda number: None)
        assert side.opened == ["a.py"]
        assert [step for step, _, _ in side.pressed] == list(script().steps)
        assert side.pressed[-1][2] == "a = 0\nx = 1\ny\nb = 2\n"
        assert [one.text for one in seen] == ["x = 1\ny", " = 1\ny", "", " = 1\ny", "\ny", "y", ""]


def test_the_closed_loop_waits_and_then_pauses() -> None:
    side = Clairvoyant(delay_s=0.05)
    seen = closed_loop(script(), side, lambda number: None)
    times = [pressed_s for _, pressed_s, _ in side.pressed]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert min(gaps) >= 0.07 - 0.001
    assert all(one.answer is not None for one in seen)
    assert [one.effort.num_run_tokens for one in seen] == [30, 60, 90, 120, 150, 180, 210]


def test_the_open_loop_does_not_wait() -> None:
    side = Clairvoyant(delay_s=10.0)
    seen = open_loop(script(), side, lambda number: None)
    times = [pressed_s for _, pressed_s, _ in side.pressed]
    assert 0.1 < times[-1] - times[0] < 30.0, "the pauses between the keys, and not one answer more"
    assert [one.answer for one in seen[:-1]] == [None] * 6


def run(side: Clairvoyant) -> list[Seen]:
    return closed_loop(script(1.0), side, lambda number: None)


def test_the_figures_of_a_perfect_side() -> None:
    judged = judge(script(), run(Clairvoyant()))
    result = figures(judged, judged, None)
    assert result["num_keystrokes"] == 7
    assert result["shown_per_100"] == result["right_per_100"] == round(500 / 7, 2)
    assert result["right_share"] == 1.0
    assert result["on_time_share"] == round(5 / 7, 4)
    assert result["share_without_model"] == round(1 / 5, 4)
    assert result["tokens_per_accepted_char"] == round(210 / 7, 2)
    assert result["saved_chars_share"] == 1.0
    assert result["reused_share"] is None
    assert result["broken_suggestions"] == 0
    assert "num_misses" not in result


def test_a_key_without_what_the_other_had_right_is_a_miss() -> None:
    mine = judge(script(), run(Clairvoyant(silent=(Kind.NEWLINE, Kind.CHARACTER))))
    other = judge(script(), run(Clairvoyant()))
    result = figures(mine, mine, other)
    assert result["num_misses"] == 2
    assert result["p95_missed_ms"] == 20_000.0
    assert result["p95_ms"] == 0.0
    assert result["reasons"] == {"": 4}


def test_a_suggestion_that_breaks_the_file_is_counted() -> None:
    seen = [Seen(script().steps[0], Answer("x = 1)", 1.0), Effort())]
    judged = judge(Script(script().files, script().steps[:1]), seen)
    assert judged[0].is_broken and not judged[0].is_right
    assert figures(judged, [], None)["broken_suggestions"] == 1


def test_an_answer_that_never_came_took_all_the_time_there_was() -> None:
    judged = judge(Script(script().files, script().steps[:1]), [Seen(script().steps[0], None, Effort())])
    result = figures(judged, judged, None)
    assert result["p50_ms"] == 20_000.0
    assert result["unanswered"] == 1
    assert result["tokens_per_accepted_char"] is None


def test_the_trace_says_what_was_on_the_screen() -> None:
    records = list(trace("fimble", "closed", judge(script(), run(Clairvoyant()))))
    assert len(records) == 7
    assert records[1]["line"] == "x" and records[1]["truth"] == " = 1\ny" and records[1]["right"] is True
    for record, (step, _, _) in zip(records, states(script()), strict=True):
        assert record["right"] == is_right(record["shown"], record["line"], step.truth)
