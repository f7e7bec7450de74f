"""Does the served precision answer as well as fp32? Exact match of both on the same infilling prompts.

Data: HumanEval-Infilling, single line (``prompt``, ``suffix``, ``canonical_solution`` a line
of JSON). Prompts are plain prefix-suffix-middle, greedy, up to the first line break.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fimble.bench.plain import PlainModel
from fimble.engine.base import Engine
from fimble.engine.tokenizer import Tokenizer
from fimble.errors import DocumentError
from fimble.prompt.templates import Family
from fimble.scoring import exact_match, first_line
from fimble.text import Cursor, Snapshot


@dataclass(frozen=True, slots=True)
class Item:
    """One hole in a program."""

    task: str
    cursor: Cursor
    expected: str


def read_items(data: Path, limit: int, seed: int) -> list[Item]:
    """``limit`` items drawn with ``seed`` from a ``.jsonl`` (``.gz``) file. Raises ``DocumentError``."""
    try:
        raw = gzip.decompress(data.read_bytes()) if data.suffix == ".gz" else data.read_bytes()
        records = [json.loads(line) for line in raw.decode().splitlines() if line.strip()]
        items = [
            Item(
                record["task_id"],
                Cursor(Snapshot("", "python", 0, record["prompt"] + record["suffix"]), len(record["prompt"])),
                record["canonical_solution"],
            )
            for record in records
        ]
    except (OSError, ValueError, KeyError) as error:
        raise DocumentError(
            f"{data} is not an infilling file: {error!r}.",
            "Give a HumanEval-Infilling .jsonl or .jsonl.gz file.",
        ) from error
    return random.Random(seed).sample(items, min(limit, len(items)))


def answer_all(
    engine: Engine,
    tokenizer: Tokenizer,
    family: Family,
    items: Sequence[Item],
    on_item: Callable[[int], None],
) -> list[str]:
    """The engine's first non-blank line for each item."""
    model = PlainModel(engine, tokenizer, family)
    answers = []
    for number, item in enumerate(items):
        on_item(number)
        answers.append(first_line(model.fill(item.cursor.prefix, item.cursor.suffix)))
    return answers


def compare(items: Sequence[Item], served: Sequence[str], reference: Sequence[str]) -> dict[str, Any]:
    """Exact match in per cent of both, their difference in points, and how often they answer alike."""

    def share(answers: Sequence[str]) -> float:
        pairs = zip(items, answers, strict=True)
        return round(100 * sum(exact_match(answer, item.expected) for item, answer in pairs) / len(items), 2)

    same = sum(a == b for a, b in zip(served, reference, strict=True))
    return {
        "num_items": len(items),
        "exact_match": share(served),
        "exact_match_fp32": share(reference),
        "difference_points": round(share(served) - share(reference), 2),
        "same_answer_share": round(same / len(items), 4),
    }
