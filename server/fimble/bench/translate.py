"""``fimble bench translate``: a function in another language, by Translate and by the bare model, run with its tests.

Data: HumanEval-X, a file for each of the two languages. The set-up is its own for translation:
the model is given the source language's ``declaration`` and ``canonical_solution`` without the
docstring, so that it cannot solve the problem from its description, and the target language's
``declaration`` (helpers written out in either are left in). The tests call the function by the
name of that declaration, which is why the answer begins with it; all else is what ``Translate``
asks and checks for people.

With checks: what Translate gives in up to four attempts; a refusal has not passed. Among its
checks is, unless turned off, that the answer comes to the same as its source for arguments
that ``checks.inputs`` makes up; HumanEval-X's tests and examples are not looked at. The bare
model: the first of these attempts, greedy, neither checked nor mended. So both are paired by
problem and by first answer, and every difference is the checks'. Tests are run after
everything is written. A program passes that holds every assertion and ends by itself; what it
prints is not looked at (HumanEval-X's own script, made for answers cut at the function's end,
also fails those that print). Of its 164 JavaScript solutions 162 pass; 112 and 155 do not, and
are wrong by their own tests.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fimble.bench.journal import Journal
from fimble.checks import execution, node
from fimble.engine.base import CancelToken
from fimble.errors import ActionRefused, ConfigError, DocumentError
from fimble.features.actions.action import Kind, Offer, Page
from fimble.features.actions.translate import Translate, target
from fimble.features.generation.generator import MAX_ATTEMPTS, Generator, Task
from fimble.scoring import paired_difference
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Snapshot

_RUNNERS: dict[str, tuple[Callable[[], None], Callable[[str], execution.Verdict]]] = {
    "javascript": (node.check_node, node.execute),
    "python": (execution.check_platform, execution.execute),
}
"""Language -> what says whether it can be run here, and what runs it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A function to translate."""

    name: str
    source: str
    declaration: str
    """In the target language, up to where its body begins."""
    test: str


@dataclass(frozen=True, slots=True)
class Translated:
    """What came of one problem."""

    program: str
    is_sound: bool
    """Whether it passed the checks; else a person is shown a refusal."""
    findings: tuple[str, ...]
    num_attempts: int
    milliseconds: float
    passed: bool | None
    """``None`` where nothing was run."""
    first: str
    """The first answer, as it was written."""
    first_passed: bool | None


def check_languages(source: str, to: str, does_execute: bool) -> tuple[str, str]:
    """Both languages' names. Raises ``ConfigError`` for what cannot be translated, or cannot be run here."""
    names = target(source).name, target(to).name
    if names[0] == names[1]:
        raise ConfigError("Both languages are the same.", "Name two with --from and --to.")
    if does_execute:
        if names[1] not in _RUNNERS:
            raise ConfigError(f"Nothing here runs {to}.", f"Programs are run in {', '.join(_RUNNERS)}.")
        _RUNNERS[names[1]][0]()
    return names


def read_problems(data: Path, tests: Path, limit: int, seed: int) -> list[Problem]:
    """``limit`` problems drawn with ``seed``, 0 for all. Raises ``DocumentError``."""
    sources, targets = _records(data), _records(tests)
    if sources.keys() != targets.keys():
        raise DocumentError(f"{data} and {tests} hold different problems.", "Give two languages of HumanEval-X.")
    problems = [
        Problem(
            targets[number]["task_id"],
            (record["declaration"] + record["canonical_solution"]).strip("\n") + "\n",
            targets[number]["declaration"].strip("\n") + "\n",
            targets[number]["test"],
        )
        for number, record in sources.items()
    ]
    return random.Random(seed).sample(problems, min(limit, len(problems))) if limit else problems


def task_for(problem: Problem, source: str, to: str, runs_examples: bool) -> Task:
    """What ``Translate`` asks, with the declaration as the beginning of the answer."""
    snapshot = Snapshot(f"file:///{problem.name}", source, 1, problem.source)
    parsed = TREES.at(Cursor(snapshot, 0))
    if parsed is None:
        raise ActionRefused(f"The source of {problem.name} cannot be read as {source}.")
    offer = Offer(Kind.TRANSLATE, "", 0, len(problem.source), to)
    task = Translate().task(offer, Page(parsed, snapshot.uri, runs_examples=runs_examples))

    def cut(text: str) -> str:
        code = task.cut(text)
        return code if code.strip() != problem.declaration.strip() else ""

    return replace(task, start=task.start + problem.declaration, cut=cut)


def run(
    problems: Sequence[Problem],
    generator: Generator,
    languages: tuple[str, str],
    is_bare: bool,
    does_execute: bool,
    journal: Journal,
    on_problem: Callable[[int], None],
    runs_examples: bool = True,
) -> list[Translated]:
    """Translate each problem from the first language to the second; run its tests if asked.

    ``runs_examples`` as in ``Page``.
    """
    translated: list[Translated] = []
    for number, problem in enumerate(problems):
        on_problem(number)
        known = journal.get(problem.name)
        if known is None:
            known = asdict(_translated(problem, generator, languages, is_bare, does_execute, runs_examples))
            journal.add(problem.name, known)
        translated.append(Translated(**known | {"findings": tuple(known["findings"])}))
    return translated


def summary(translated: Sequence[Translated], is_bare: bool) -> dict[str, Any]:
    """Shares in per cent."""
    passed = [one.first_passed if is_bare else one.passed for one in translated]
    total = len(translated)
    figures: dict[str, Any] = {
        "pass_at_1": None if None in passed else round(100 * sum(map(bool, passed)) / total, 2),
        "num_problems": total,
    }
    if not is_bare:
        figures |= {
            "num_refused": sum(not one.is_sound for one in translated),
            "mean_attempts": round(sum(one.num_attempts for one in translated) / total, 2),
            "mean_ms": round(sum(one.milliseconds for one in translated) / total, 1),
        }
    return figures


def difference(translated: Sequence[Translated]) -> dict[str, Any]:
    """With checks less without, problem by problem, in points."""
    return asdict(
        paired_difference([bool(one.passed) for one in translated], [bool(one.first_passed) for one in translated])
    )


def _translated(
    problem: Problem,
    generator: Generator,
    languages: tuple[str, str],
    is_bare: bool,
    does_execute: bool,
    runs_examples: bool,
) -> Translated:
    task = task_for(problem, *languages, runs_examples=runs_examples and not is_bare)
    asked = replace(task, check=lambda _: ()) if is_bare else task
    done = generator.generate(asked, CancelToken(), max_attempts=1 if is_bare else MAX_ATTEMPTS)
    first = done.attempts[0].written
    program = first if is_bare else done.best.code
    passed = first_passed = None
    if does_execute:
        execute = _RUNNERS[languages[1]][1]
        first_passed = execute(f"{first}\n{problem.test}") is execution.Verdict.PASSED
        passed = first_passed
        if program != first:
            passed = execute(f"{program}\n{problem.test}") is execution.Verdict.PASSED
        passed = passed and done.is_sound
    findings = tuple(str(finding) for finding in done.best.findings)
    return Translated(
        program, done.is_sound, findings, len(done.attempts), done.latency_ms, passed, first, first_passed
    )


def _records(file: Path) -> dict[str, dict[str, str]]:
    """By the problem's number."""
    wanted = {"task_id", "declaration", "canonical_solution", "test"}
    try:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        records = [json.loads(line) for line in raw.decode().splitlines() if line.strip()]
        if not records or any(wanted - record.keys() for record in records):
            raise ValueError(f"not every line has {', '.join(sorted(wanted))}")
        return {record["task_id"].rpartition("/")[2]: record for record in records}
    except (OSError, EOFError, ValueError, AttributeError) as error:
        raise DocumentError(
            f"{file} is not a HumanEval-X file: {error}.", "Give humaneval_<language>.jsonl.gz."
        ) from error
