"""``fimble bench fill``: holes in programs, filled by the whole pipeline or by the bare model, matched and executed.

Data: HumanEval-Infilling (``prompt``, ``suffix``, ``canonical_solution``, ``test``, ``entry_point`` a
line of JSON). In the single-line sets a whole line is missing, line break included. An editor
shows it as an empty line, so the pipeline's cursor has a line break behind it: behind the
indentation, as an editor's auto-indent leaves it, or at column 1. The bare model gets the
data as it is, whatever the cursor: that is the plain prompt that results are published for.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from fimble.checks.execution import Verdict, execute
from fimble.engine.base import CancelToken
from fimble.errors import DocumentError
from fimble.scoring import exact_match, paired_difference
from fimble.text import Cursor, Outcome, Snapshot

CursorPlace = Literal["indented", "column1"]


@dataclass(frozen=True, slots=True)
class Item:
    """One hole in a program; ``prefix + expected + suffix`` is the program."""

    task: str
    prefix: str
    suffix: str
    expected: str
    test: str
    entry_point: str

    @property
    def is_line(self) -> bool:
        """Whether exactly one whole line is missing."""
        is_at_line = not self.prefix or self.prefix.endswith("\n")
        return is_at_line and self.expected.endswith("\n") and "\n" not in self.expected[:-1]


@dataclass(frozen=True, slots=True)
class Filled:
    """One answer."""

    program: str
    """The whole program with the answer in it; empty where there was none."""
    is_exact: bool
    milliseconds: float
    reason: str = ""
    """Why there was no answer."""


class Suggests(Protocol):
    """What this benchmark needs of ``features.inline.InlineFeature``."""

    def suggest(self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1) -> Outcome: ...


class Fills(Protocol):
    """What this benchmark needs of ``bench.plain.PlainModel``."""

    def fill(self, prefix: str, suffix: str, is_one_line: bool = True) -> str: ...


def read_items(data: Path, limit: int, seed: int) -> list[Item]:
    """``limit`` items drawn with ``seed`` from a ``.jsonl`` (``.gz``) file, 0 for all. Raises ``DocumentError``."""
    names = ("task_id", "prompt", "suffix", "canonical_solution", "test", "entry_point")
    try:
        raw = gzip.decompress(data.read_bytes()) if data.suffix == ".gz" else data.read_bytes()
        records = [json.loads(line) for line in raw.decode().splitlines() if line.strip()]
        items = [Item(*(record[name] for name in names)) for record in records]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DocumentError(
            f"{data} is not an infilling file: {error!r}.",
            "Give a HumanEval-Infilling .jsonl or .jsonl.gz file.",
        ) from error
    return random.Random(seed).sample(items, min(limit, len(items))) if limit else items


def fill_with_pipeline(feature: Suggests, item: Item, place: CursorPlace) -> Filled:
    """The first suggestion at the hole; of a single-line hole's, the first line with something on it."""
    indent = item.expected[: len(item.expected) - len(item.expected.lstrip())] if place == "indented" else ""
    prefix, suffix = (item.prefix + indent, "\n" + item.suffix) if item.is_line else (item.prefix, item.suffix)
    cursor = Cursor(Snapshot(f"file:///{item.task}.py", "python", 1, prefix + suffix), len(prefix))
    started = time.perf_counter()
    outcome = feature.suggest(cursor, CancelToken())
    milliseconds = (time.perf_counter() - started) * 1e3
    if not outcome.suggestions:
        return Filled("", False, milliseconds, outcome.reason.value if outcome.reason else "no suggestion")
    return _filled(item, prefix, outcome.suggestions[0].text, suffix, milliseconds)


def fill_plainly(model: Fills, item: Item) -> Filled:
    """What the bare model writes into the hole; of a single-line hole's, the first line with something on it."""
    started = time.perf_counter()
    text = model.fill(item.prefix, item.suffix, item.is_line)
    milliseconds = (time.perf_counter() - started) * 1e3
    return _filled(item, item.prefix, text, "\n" + item.suffix if item.is_line else item.suffix, milliseconds)


def passes(item: Item, filled: Filled) -> bool:
    """Whether the filled program passes the item's tests, in a limited process of its own."""
    if not filled.program:
        return False
    return execute(f"{filled.program}\n{item.test}\ncheck({item.entry_point})\n") is Verdict.PASSED


@dataclass(frozen=True, slots=True)
class Run:
    """All answers of one way to fill, and item by item whether its program passed, where programs were run."""

    items: Sequence[Item]
    answers: Sequence[Filled]
    passed: Sequence[bool] | None

    @property
    def matched(self) -> list[bool]:
        return [filled.is_exact for filled in self.answers]

    def to_json(self) -> dict[str, Any]:
        """Shares in per cent; an item without an answer has failed. ``pass_at_1`` is null where nothing was run."""
        reasons = Counter(filled.reason for filled in self.answers if not filled.program)
        return {
            "exact_match": _per_cent(self.matched),
            "pass_at_1": _per_cent(self.passed) if self.passed is not None else None,
            "mean_ms": round(sum(filled.milliseconds for filled in self.answers) / len(self.answers), 1),
            "num_items": len(self.items),
            "num_without_answer": sum(reasons.values()),
            "reasons": dict(reasons),
        }


def run(
    items: Sequence[Item], answer: Callable[[Item], Filled], does_execute: bool, on_item: Callable[[int], None]
) -> Run:
    """Fill and, if asked, execute each item."""
    answers: list[Filled] = []
    passed: list[bool] = []
    for number, item in enumerate(items):
        on_item(number)
        answers.append(answer(item))
        if does_execute:
            passed.append(passes(item, answers[-1]))
    return Run(items, answers, passed if does_execute else None)


def difference(pipeline: Run, raw: Run) -> dict[str, Any]:
    """The pipeline less the bare model, item by item, in points."""
    result: dict[str, Any] = {
        "exact_match": asdict(paired_difference(pipeline.matched, raw.matched)),
        "pass_at_1": None,
    }
    if pipeline.passed is not None and raw.passed is not None:
        result["pass_at_1"] = asdict(paired_difference(pipeline.passed, raw.passed))
    return result


def _filled(item: Item, prefix: str, text: str, suffix: str, milliseconds: float) -> Filled:
    kept = _through_first_line(text) if item.is_line else text
    start = prefix[len(item.prefix) :]
    is_exact = exact_match(start + kept, item.expected) if item.is_line else kept.strip() == item.expected.strip()
    return Filled(prefix + kept + suffix, is_exact, milliseconds)


def _through_first_line(text: str) -> str:
    """``text`` up to the end of its first line with something on it, without the line break."""
    num_blank = len(text) - len(text.lstrip())
    end = text.find("\n", num_blank)
    return text if end == -1 else text[:end]


def _per_cent(successes: Sequence[bool]) -> float:
    return round(100 * sum(successes) / len(successes), 2)
