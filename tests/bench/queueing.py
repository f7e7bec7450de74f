"""Who should be next: typing sessions on one processor, played through in no time: ``python -m tests.bench.queueing``.

Each session types, and some keys ask the model: a prompt to read in one run or more, then steps, of which some check
a guess and the others are one token, which several sessions may do in one run. An answer ends as ``features.writer``
ends it (``PATIENCE_MS``, ``LAST_MOMENT_MS``), a newer key takes an older one's place, and after an answer there is work
for idle time. Run times are those of the default model on two cores (docs/benchmarks.md). Compared are the policy in
use (``daemon.line``), the newest keystroke before all others, and prompts before steps, with and without batches.
"""

from __future__ import annotations

import heapq
import itertools
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fimble.daemon.line import Line, Waiting
from fimble.engine.base import Urgency
from fimble.features.writer import LAST_MOMENT_MS, PATIENCE_MS

STEP_MS = 28.0
BATCH_COST = {1: 1.0, 2: 1.44, 3: 1.69, 4: 1.84, 5: 2.1, 6: 2.3, 7: 2.45, 8: 2.6}
"""Of so many one-token steps in one run, in runs of one (``tests.bench.batching``)."""
SECONDS, SEEDS, NUM_SESSIONS = 240.0, 6, 8


@dataclass(eq=False)
class Job:
    """A request's runs, in milliseconds."""

    session: int
    urgency: Urgency
    asked_s: float
    runs: list[float]
    num_reading: int
    line_at: int
    """After so many runs there is a whole line."""
    num_done: int = 0

    @property
    def is_reading(self) -> bool:
        return self.num_done < self.num_reading

    @property
    def joins(self) -> bool:
        """Whether the next run may be done together with others'."""
        return not self.is_reading and self.runs[self.num_done] == STEP_MS


@dataclass
class Typist:
    """A session."""

    job: Job | None = None
    waiting: Waiting | None = None
    latencies_ms: list[float] = field(default_factory=list)


Pick = Callable[[Line, dict[Waiting, Job], float], Waiting]


def in_use(line: Line, _: dict[Waiting, Job], now_s: float) -> Waiting:
    chosen = line.next(now_s)
    assert chosen is not None
    return chosen


def by(key: Callable[[Waiting, Job], tuple[float, ...]]) -> Pick:
    """The smallest key of those that wait."""

    def pick(line: Line, jobs: dict[Waiting, Job], _: float) -> Waiting:
        chosen = min(jobs, key=lambda one: key(one, jobs[one]))
        line.remove(chosen)
        return chosen

    return pick


POLICIES: dict[str, Pick] = {
    "in use": in_use,
    "newest first": by(lambda one, _: (one.urgency, -one.asked_s)),
    "prompts first": by(lambda one, job: (one.urgency, not job.is_reading, one.asked_s)),
}


class Play:
    """One policy, one seed."""

    def __init__(self, pick: Pick, max_batch: int, share_asked: float, seed: int) -> None:
        self._pick, self._max_batch, self._share_asked = pick, max_batch, share_asked
        self._random, self._line = random.Random(seed), Line()
        self._jobs: dict[Waiting, Job] = {}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._now_s, self._is_running, self._numbers = 0.0, False, itertools.count()
        self.typists = [Typist() for _ in range(NUM_SESSIONS)]
        for session in range(NUM_SESSIONS):
            self._after(self._random.random(), lambda session=session: self._key(session))  # type: ignore[misc]
        while self._events and self._now_s < SECONDS:
            self._now_s, _, happen = heapq.heappop(self._events)
            happen()

    def _after(self, delay_s: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now_s + delay_s, next(self._numbers), happen))

    def _key(self, session: int) -> None:
        typist, own = self.typists[session], self._random
        if own.random() < self._share_asked:
            if typist.waiting is not None and self._line.remove(typist.waiting):
                del self._jobs[typist.waiting]
                typist.waiting = None
            typist.job = self._request(session)
            self._wait(session)
        pause_s = own.lognormvariate(0, 0.5) * 0.22 + (own.uniform(1, 4) if own.random() < 0.02 else 0)
        self._after(pause_s, lambda: self._key(session))

    def _request(self, session: int) -> Job:
        own = self._random
        reading = [own.uniform(50, 110)] if own.random() < 0.8 else [270.0, own.uniform(30, 200)]
        steps = [own.choice([STEP_MS, STEP_MS, 40.0, 50.0]) for _ in range(own.randint(3, 12))]
        line_at = len(reading) + own.randint(2, 8)
        return Job(session, Urgency.KEYSTROKE, self._now_s, reading + steps, len(reading), line_at)

    def _idle(self, session: int) -> Job:
        runs = [self._random.choice([STEP_MS, 40.0, 70.0]) for _ in range(self._random.randint(8, 20))]
        return Job(session, Urgency.IDLE, self._now_s, runs, 0, len(runs))

    def _wait(self, session: int) -> None:
        typist = self.typists[session]
        if typist.job is not None and typist.waiting is None:
            typist.waiting = Waiting(session, typist.job.urgency, typist.job.asked_s, self._now_s)
            self._line.add(typist.waiting)
            self._jobs[typist.waiting] = typist.job
            self._call_next()

    def _call_next(self) -> None:
        if self._is_running or not self._jobs:
            return
        first = self._pick(self._line, self._jobs, self._now_s)
        group = {first: self._jobs.pop(first)}
        if group[first].joins:
            for other in [one for one, job in self._jobs.items() if job.joins][: self._max_batch - 1]:
                self._line.remove(other)
                group[other] = self._jobs.pop(other)
        self._is_running = True
        ms = group[first].runs[group[first].num_done] * BATCH_COST[len(group)]
        self._after(ms / 1000, lambda: self._ran(group, ms))

    def _ran(self, group: dict[Waiting, Job], ms: float) -> None:
        self._is_running = False
        for waiting, job in group.items():
            typist = self.typists[job.session]
            typist.waiting = None
            self._line.charge(job.session, ms / len(group))
            job.num_done += 1
            if typist.job is job and self._is_over(job):
                if job.urgency is Urgency.KEYSTROKE:
                    typist.latencies_ms.append((self._now_s - waiting.asked_s) * 1000)
                    typist.job = self._idle(job.session)
                else:
                    typist.job = None
            self._wait(job.session)
        self._call_next()

    def _is_over(self, job: Job) -> bool:
        if job.num_done >= len(job.runs):
            return True
        ms = (self._now_s - job.asked_s) * 1000
        if job.urgency is not Urgency.KEYSTROKE or job.is_reading:
            return False
        return ms > LAST_MOMENT_MS or (ms > PATIENCE_MS and job.num_done >= job.line_at)


def figures(plays: list[Play]) -> Iterator[str]:
    """p50 and p95 of all, the worst session's p95 and the median session's, the longest, and answers given."""
    every = [sorted(typist.latencies_ms) for play in plays for typist in play.typists]
    together = sorted(ms for one in every for ms in one)
    p95s = [[_share(sorted(typist.latencies_ms), 0.95) for typist in play.typists] for play in plays]
    yield f"{_share(together, 0.5):.0f}"
    yield f"{_share(together, 0.95):.0f}"
    yield f"{statistics.mean(max(one) for one in p95s):.0f}"
    yield f"{statistics.mean(statistics.median(one) for one in p95s):.0f}"
    yield f"{together[-1]:.0f}"
    yield f"{len(together) / len(plays) / SECONDS * 60:.0f}"


def _share(ordered: list[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))]


def main() -> None:
    print("| keys that ask | policy | batch | p50 | p95 | p95, worst | p95, median | longest | answers a minute |")
    print("|---|---|---|---|---|---|---|---|---|")
    for share_asked in (0.08, 0.14, 0.25):
        for name, pick in POLICIES.items():
            for max_batch in (1, 8) if name != "newest first" else (1,):
                plays = [Play(pick, max_batch, share_asked, seed) for seed in range(SEEDS)]
                print(f"| {share_asked:.0%} | {name} | {max_batch} | {' | '.join(figures(plays))} |", flush=True)


if __name__ == "__main__":
    main()
