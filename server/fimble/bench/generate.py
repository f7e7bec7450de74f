"""``fimble bench generate``: from a signature and its docstring to a function, as the code action Implement does it.

Data: HumanEval (``prompt``, ``test``, ``entry_point`` a line of JSON). One run tells three ways apart, because they
share their attempts: the bare model, whose first answer is taken as it is; with the checks, which take the first of
up to four attempts that holds up; and with the docstring's own examples run as one more check. (Only what a repair is
told can differ: in this run it may name an example.) The tests run after everything is written, and nothing sees them.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from fimble.checks.check import check
from fimble.checks.execution import Verdict, execute
from fimble.checks.finding import Finding, Kind
from fimble.engine.base import CancelToken
from fimble.errors import DocumentError
from fimble.features.actions.action import Edit, Page, Selection
from fimble.features.actions.implement import Implement
from fimble.features.generation import instructions
from fimble.features.generation.generator import Attempt, Generator, Task
from fimble.scoring import paired_difference
from fimble.syntax.languages import find
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import parse
from fimble.text import Snapshot

_PARSE_BUDGET_MS = 2000.0


class Way(Enum):
    """How a function is made; the value is its name in reports."""

    BARE = "bare"
    CHECKS = "checks"
    EXAMPLES = "checks and examples"


@dataclass(frozen=True, slots=True)
class Problem:
    """A function to write."""

    task: str
    prompt: str
    """Imports, signature and docstring."""
    test: str
    entry_point: str


@dataclass(frozen=True, slots=True)
class Solved:
    """What came of one problem."""

    task: str
    program: str
    is_shown: bool
    """Whether a person would see it: its checks hold."""
    findings: tuple[Finding, ...]
    num_attempts: int
    milliseconds: float
    """Of all attempts that were made, whichever was taken."""
    passed: bool | None


def read_problems(data: Path, limit: int, seed: int) -> list[Problem]:
    """``limit`` problems drawn with ``seed``, 0 for all. Raises ``DocumentError``."""
    try:
        raw = gzip.decompress(data.read_bytes()) if data.suffix == ".gz" else data.read_bytes()
        records = [json.loads(line) for line in raw.decode().splitlines() if line.strip()]
        problems = [
            Problem(*(record[name] for name in ("task_id", "prompt", "test", "entry_point"))) for record in records
        ]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DocumentError(f"{data} is not a HumanEval file: {error!r}.", "Give HumanEval.jsonl.gz.") from error
    return random.Random(seed).sample(problems, min(limit, len(problems))) if limit else problems


def solve(
    problems: Sequence[Problem],
    generator: Generator,
    does_execute: bool,
    on_solved: Callable[[int, Mapping[Way, Solved]], None],
) -> dict[Way, list[Solved]]:
    """Solve each problem in every way; run its tests if asked. ``on_solved`` is told each one's number, from 0."""
    solved: dict[Way, list[Solved]] = {way: [] for way in Way}
    for number, problem in enumerate(problems):
        ways = _solve(problem, generator, does_execute)
        on_solved(number, ways)
        for way in Way:
            solved[way].append(ways[way])
    return solved


def summary(solved: Sequence[Solved]) -> dict[str, Any]:
    """Shares in per cent; ``num_shown_with`` counts what a person would see and should not."""
    total = len(solved)
    passed = [one.passed for one in solved if one.passed is not None]
    shown = [one for one in solved if one.is_shown]
    kinds = {kind.value: sum(any(found.kind is kind for found in one.findings) for one in shown) for kind in Kind}
    return {
        "pass_at_1": round(100 * sum(passed) / len(passed), 2) if passed else None,
        "num_problems": total,
        "num_refused": total - len(shown),
        "num_shown_with": {name: number for name, number in kinds.items() if number},
        "mean_attempts": round(sum(one.num_attempts for one in solved) / total, 2),
    }


def mean_ms(solved: Sequence[Solved]) -> float:
    """What a function took on average, all its attempts and checks included."""
    return round(sum(one.milliseconds for one in solved) / max(1, len(solved)), 1)


def difference(ours: Sequence[Solved], bare: Sequence[Solved]) -> dict[str, Any]:
    """With checks less without, problem by problem, in points."""
    return asdict(paired_difference([bool(one.passed) for one in ours], [bool(one.passed) for one in bare]))


def record(way: Way, one: Solved) -> str:
    """An outcome as a line of JSON."""
    return json.dumps(asdict(one) | {"way": way.value, "findings": [str(found) for found in one.findings]}) + "\n"


def _solve(problem: Problem, generator: Generator, does_execute: bool) -> dict[Way, Solved]:
    page, action = _page(problem.prompt), Implement()
    place = problem.prompt.rindex(f"def {problem.entry_point}")
    offers = action.offers(Selection(Snapshot(page.uri, "python", 1, problem.prompt), place, place), page)
    if not offers:
        return _not_offered(problem, generator, does_execute)
    offer = offers[0]
    started = time.perf_counter()
    done = generator.generate(action.task(offer, page), CancelToken())
    milliseconds = (time.perf_counter() - started) * 1e3

    def outcome(chosen: Attempt, num_attempts: int, is_bare: bool = False) -> Solved:
        if is_bare:
            program = _as_it_is(problem, chosen.written)
        else:
            program = with_edits(problem.prompt, action.done(offer, page, chosen.code).edits)
        is_shown = is_bare or (bool(chosen.code) and not chosen.num_fatal)
        return _tried(problem, program, is_shown, num_attempts, milliseconds, does_execute)

    first_good = next((n for n, one in enumerate(done.attempts) if one.code and not one.num_fatal), None)
    by_checks = done.attempts[first_good] if first_good is not None else done.best
    return {
        Way.BARE: outcome(done.attempts[0], 1, is_bare=True),
        Way.CHECKS: outcome(by_checks, len(done.attempts) if first_good is None else first_good + 1),
        Way.EXAMPLES: outcome(done.best, len(done.attempts)),
    }


def _not_offered(problem: Problem, generator: Generator, does_execute: bool) -> dict[Way, Solved]:
    """Where Implement sees no function that waits for its body, only the bare model is asked."""
    task = Task(
        instructions.complete(problem.prompt, "python"), lambda _: (), start=f"```python\n{problem.prompt.rstrip()}\n"
    )
    done = generator.generate(task, CancelToken(), max_attempts=1)
    nothing = Solved(problem.task, "", False, (), 0, 0.0, False if does_execute else None)
    bare = _tried(problem, _as_it_is(problem, done.best.code), True, 1, done.latency_ms, does_execute)
    return {Way.BARE: bare, Way.CHECKS: nothing, Way.EXAMPLES: nothing}


def _tried(
    problem: Problem, program: str, is_shown: bool, num_attempts: int, milliseconds: float, does_execute: bool
) -> Solved:
    python = find("python", "")
    passed = None
    if does_execute:
        passed = execute(f"{program}\n{problem.test}\ncheck({problem.entry_point})\n") is Verdict.PASSED
    return Solved(problem.task, program, is_shown, check(program, python), num_attempts, milliseconds, passed)


def with_edits(text: str, edits: Sequence[Edit]) -> str:
    """``text`` after ``edits``, which do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _as_it_is(problem: Problem, code: str) -> str:
    """The model's answer as a program: behind the prompt's imports and helpers."""
    if f"def {problem.entry_point}" not in code:
        return problem.prompt + code
    return problem.prompt[: problem.prompt.rindex(f"def {problem.entry_point}")] + code


def _page(text: str) -> Page:
    python = find("python", "")
    assert python is not None, "it is among the languages"
    parsed = parse(python, text, encode(text), _PARSE_BUDGET_MS)
    assert parsed is not None, "a short text is parsed in time"
    return Page(parsed, "file:///generated.py")
