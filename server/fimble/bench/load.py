"""``fimble bench load``: several people type at once, each in a window of their own, and one daemon answers them all.

Every session has its own server process, as an editor starts it, its own workspace and its own script. Each answer is
awaited before the next key, so that none of them hides behind a key that came earlier. The first session makes no
pauses to speak of: it is the busiest, and the one that a fair daemon keeps from the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from fimble.bench import fimble_side
from fimble.bench.replay import Seen, closed_loop
from fimble.bench.script import Script
from fimble.errors import EngineError

BUSIEST_PAUSE_SHARE = 0.5
"""Of the script's pauses, in the first session."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What all processes of a number of sessions hold together."""

    num_sessions: int
    pss_mb: float
    """Each shared page counts once."""
    kv_mb: float
    """Of it, what the KV caches of all sessions have written."""


Measure = Callable[[int], Memory]
"""From the number of sessions that are open to their memory."""


def hurried(script: Script) -> Script:
    """The same keys with shorter pauses."""
    steps = (replace(step, pause_ms=step.pause_ms * BUSIEST_PAUSE_SHARE) for step in script.steps)
    return Script(script.files, tuple(steps))


def run(
    scripts: Sequence[Script], command: Sequence[str], measure: Measure, on_key: Callable[[], None]
) -> dict[str, Any]:
    """Type ``scripts`` at once, the first one ``hurried`` already; ``on_key`` is called at each key, on any thread.

    Returns what ``fimble bench load --json`` prints. Raises ``EngineError`` where a session fails.
    """
    memory: list[Memory] = []
    ready_s: list[float] = []
    with ExitStack() as stack:
        sides = []
        for number, script in enumerate(scripts, 1):
            begun_s = time.perf_counter()
            sides.append(stack.enter_context(fimble_side.start(script, command)))
            ready_s.append(time.perf_counter() - begun_s)
            memory.append(measure(number))
        seen = _type(list(zip(scripts, sides, strict=True)), on_key)
        memory.append(measure(len(scripts)))
    sessions = [_figures(each) for each in seen]
    p95s = [session["p95_ms"] for session in sessions]
    return {
        "num_sessions": len(scripts),
        "ready_s": [round(each, 2) for each in ready_s],
        "sessions": sessions,
        "busiest_p95_ms": p95s[0],
        "median_p95_ms": round(median(p95s), 1),
        "busiest_to_median": round(p95s[0] / median(p95s), 2),
        "worst_p95_ms": max(p95s),
        "unanswered": sum(session["unanswered"] for session in sessions),
        "memory": [
            {"sessions": each.num_sessions, "pss_mb": round(each.pss_mb, 1), "kv_mb": round(each.kv_mb, 1)}
            for each in memory
        ],
    }


def _type(pairs: Sequence[tuple[Script, fimble_side.FimbleSide]], on_key: Callable[[], None]) -> list[list[Seen]]:
    """Each session on a thread of its own; all begin together."""
    barrier = threading.Barrier(len(pairs))
    seen: list[list[Seen]] = [[] for _ in pairs]
    failures: list[BaseException] = []

    def type_one(number: int, script: Script, side: fimble_side.FimbleSide) -> None:
        barrier.wait()
        try:
            seen[number] = closed_loop(script, side, lambda _: on_key())
        except Exception as error:  # noqa: BLE001 (it is raised again where it is heard)
            failures.append(error)

    threads = [threading.Thread(target=type_one, args=(number, *pair)) for number, pair in enumerate(pairs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise EngineError(f"A session failed: {failures[0]}", "See the daemon's log.") from failures[0]
    return seen


def _figures(seen: Sequence[Seen]) -> dict[str, Any]:
    """Of one session. Times are those of answers for which the model ran."""
    answers = [each for each in seen if each.answer is not None]
    of_model = [each.answer.latency_ms for each in answers if each.answer and each.effort.source != "cache"]
    times = of_model or [each.answer.latency_ms for each in answers if each.answer] or [float("inf")]
    return {
        "keys": len(seen),
        "asked_model": len(of_model),
        "shown": sum(bool(each.text) for each in answers),
        "unanswered": len(seen) - len(answers),
        "p50_ms": round(float(np.percentile(times, 50)), 1),
        "p95_ms": round(float(np.percentile(times, 95)), 1),
        "worst_ms": round(max(times), 1),
    }
