"""``fimble bench generate``: from an instruction to a function, by the bare model and by generation with its checks.

Data: HumanEval (``prompt``, ``test``, ``entry_point`` a line of JSON). The tests are run
after everything is written, and never shown to the checks.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fimble.bench.execution import Verdict, execute
from fimble.checks.check import check
from fimble.checks.finding import Finding, Kind
from fimble.checks.imports import with_imports
from fimble.engine.base import CancelToken
from fimble.errors import DocumentError
from fimble.features.generation import instructions
from fimble.features.generation.generator import MAX_ATTEMPTS, Generator, Task
from fimble.scoring import paired_difference
from fimble.syntax.languages import Language


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

    program: str
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


def task_for(problem: Problem, language: Language, is_bare: bool) -> Task:
    """The bare model is asked in the same words, and nothing is checked or mended."""

    def program(code: str) -> str:
        return _program(problem, code)

    return Task(
        messages=instructions.implement(problem.prompt, "python"),
        check=(lambda _: ()) if is_bare else lambda code: check(program(code), language),
        start="```python\n",
        max_tokens=512,
        mend=program if is_bare else lambda code: with_imports(program(code)),
    )


def run(
    problems: Sequence[Problem],
    generator: Generator,
    language: Language,
    is_bare: bool,
    does_execute: bool,
    on_problem: Callable[[int], None],
) -> list[Solved]:
    """Solve each problem; run its tests if asked."""
    solved: list[Solved] = []
    for number, problem in enumerate(problems):
        on_problem(number)
        started = time.perf_counter()
        task = task_for(problem, language, is_bare)
        done = generator.generate(task, CancelToken(), max_attempts=1 if is_bare else MAX_ATTEMPTS)
        milliseconds = (time.perf_counter() - started) * 1e3
        passed = None
        if does_execute:
            program = f"{done.best.code}\n{problem.test}\ncheck({problem.entry_point})\n"
            passed = execute(program) is Verdict.PASSED
        findings = check(done.best.code, language)
        solved.append(Solved(done.best.code, findings, len(done.attempts), milliseconds, passed))
    return solved


def summary(solved: Sequence[Solved]) -> dict[str, Any]:
    """Shares in per cent."""
    total = len(solved)
    passed = [one.passed for one in solved if one.passed is not None]
    kinds = {kind.value: sum(any(found.kind is kind for found in one.findings) for one in solved) for kind in Kind}
    return {
        "pass_at_1": round(100 * sum(passed) / len(passed), 2) if passed else None,
        "num_problems": total,
        "num_with_findings": {name: number for name, number in kinds.items() if number},
        "mean_attempts": round(sum(one.num_attempts for one in solved) / total, 2),
        "mean_ms": round(sum(one.milliseconds for one in solved) / total, 1),
    }


def difference(ours: Sequence[Solved], bare: Sequence[Solved]) -> dict[str, Any]:
    """With checks less without, problem by problem, in points."""
    return asdict(paired_difference([bool(one.passed) for one in ours], [bool(one.passed) for one in bare]))


def _program(problem: Problem, code: str) -> str:
    """The answer as a program: with the prompt's own beginning where the answer left it out."""
    if f"def {problem.entry_point}" not in code:
        return problem.prompt + code
    head = problem.prompt[: problem.prompt.find(f"def {problem.entry_point}")]
    return head + code
