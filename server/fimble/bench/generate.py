"""``fimble bench generate``: from a signature and its docstring to a function, as the code action Implement does it.

Data: HumanEval (``prompt``, ``test``, ``entry_point`` a line of JSON). Three ways, from the same prompt: the bare
model, whose first answer is taken as it is; with the checks, which choose among up to four attempts; and with the
docstring's own examples run as one more check. The tests run after everything is written, and nothing sees them.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from fimble.checks.check import check
from fimble.checks.execution import Verdict, execute
from fimble.checks.finding import Finding, Kind
from fimble.engine.base import CancelToken
from fimble.errors import ActionRefused, DocumentError
from fimble.features.actions.action import Edit, Page, Selection
from fimble.features.actions.implement import Implement
from fimble.features.generation.generator import MAX_ATTEMPTS, Generator
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
    way: Way,
    does_execute: bool,
    on_problem: Callable[[int], None],
) -> list[Solved]:
    """Solve each problem; run its tests if asked."""
    solved: list[Solved] = []
    for number, problem in enumerate(problems):
        on_problem(number)
        solved.append(_solve(problem, generator, way, does_execute))
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
        "mean_ms": round(sum(one.milliseconds for one in solved) / total, 1),
    }


def difference(ours: Sequence[Solved], bare: Sequence[Solved]) -> dict[str, Any]:
    """With checks less without, problem by problem, in points."""
    return asdict(paired_difference([bool(one.passed) for one in ours], [bool(one.passed) for one in bare]))


def write(file: Path, solved: Mapping[Way, Sequence[Solved]]) -> None:
    """Every outcome, a line of JSON each."""
    lines = (
        json.dumps(asdict(one) | {"way": way.value, "findings": [str(found) for found in one.findings]})
        for way, all_of_them in solved.items()
        for one in all_of_them
    )
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _solve(problem: Problem, generator: Generator, way: Way, does_execute: bool) -> Solved:
    page = _page(problem.prompt, runs_examples=way is Way.EXAMPLES)
    action = Implement()
    place = problem.prompt.rindex(f"def {problem.entry_point}")
    offers = action.offers(Selection(Snapshot(page.uri, "python", 1, problem.prompt), place, place), page)
    if not offers:
        raise ActionRefused(f"{problem.task} is no function that is to be written.", "Give HumanEval.jsonl.gz.")
    task = action.task(offers[0], page)
    if way is Way.BARE:
        task = replace(task, check=lambda _: (), mend=str)
    started = time.perf_counter()
    done = generator.generate(task, CancelToken(), max_attempts=1 if way is Way.BARE else MAX_ATTEMPTS)
    milliseconds = (time.perf_counter() - started) * 1e3
    if way is Way.BARE:
        program = _as_it_is(problem, done.best.code)
    else:
        program = with_edits(problem.prompt, action.done(offers[0], page, done.best.code).edits)
    passed = None
    if does_execute:
        passed = execute(f"{program}\n{problem.test}\ncheck({problem.entry_point})\n") is Verdict.PASSED
    python = page.parsed.language
    return Solved(
        problem.task, program, done.is_sound, check(program, python), len(done.attempts), milliseconds, passed
    )


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


def _page(text: str, runs_examples: bool) -> Page:
    python = find("python", "")
    assert python is not None, "it is among the languages"
    parsed = parse(python, text, encode(text), _PARSE_BUDGET_MS)
    assert parsed is not None, "a short text is parsed in time"
    return Page(parsed, "file:///generated.py", runs_examples=runs_examples)
