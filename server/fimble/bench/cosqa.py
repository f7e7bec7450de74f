"""CoSQA: queries that people typed into a web search, and the Python functions that answer them.

Huang et al. 2021, https://arxiv.org/abs/2105.13239: 500 queries against 6,267 functions. Each function becomes a
file of its own in a workspace, which is indexed as any other.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fimble.errors import DocumentError

QUERIES, FUNCTIONS = "cosqa-retrieval-dev-500.json.gz", "code_idx_map.txt.gz"


@dataclass(frozen=True, slots=True)
class CoSqa:
    """``answers[i]`` is the number of the function that answers ``queries[i]``."""

    queries: tuple[str, ...]
    answers: tuple[int, ...]
    functions: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """The functions as files that a workspace can hold."""
        for number, code in enumerate(self.functions):
            place = folder / path_of(number)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(code, encoding="utf-8")


def path_of(number: int) -> str:
    """Of one function's file; its name says nothing."""
    return f"{number // 500}/{number}.py"


def read(folder: Path) -> CoSqa:
    """Raises ``DocumentError`` where the files are missing or have no meaning."""
    try:
        queries: list[dict[str, Any]] = json.loads(gzip.decompress((folder / QUERIES).read_bytes()))
        numbers: dict[str, int] = json.loads(gzip.decompress((folder / FUNCTIONS).read_bytes()))
        functions = sorted(numbers, key=lambda code: numbers[code])
        return CoSqa(
            tuple(str(one["doc"]) for one in queries),
            tuple(int(one["retrieval_idx"]) for one in queries),
            tuple(functions),
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise DocumentError(f"{folder} holds no CoSQA: {error!r}.", f"It needs {QUERIES} and {FUNCTIONS}.") from error
