"""``fimble bench actions``: how long a person waits for code actions, from the real server over its pipes.

The places are functions of real files whose bodies were taken out, each with its docstring. For each: the list of
actions is asked for several times; then, once the server has had time to read ahead (or at once), Implement is chosen,
and what counts is when the first line of its answer is reported. Then it is cancelled.
"""

from __future__ import annotations

import ast
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from fimble.bench.corpus import SourceFile
from fimble.bench.editor import Editor
from fimble.errors import DocumentError, EngineError

NUM_LISTS = 5
FIRST_TOKEN_S = 120.0
_MIN_DOCSTRING_CHARS = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A function to implement, in a file without its body."""

    path: str
    text: str
    offset: int


def places(corpus: Sequence[SourceFile], limit: int, seed: int) -> list[Place]:
    """``limit`` functions with a docstring, drawn with ``seed``. Raises ``DocumentError`` where there is none."""
    found: list[Place] = []
    for file in corpus:
        if file.language == "python":
            found += _emptied(file)
    if not found:
        raise DocumentError("There is no Python function with a docstring.", "Name another folder with --source.")
    return random.Random(seed).sample(found, min(limit, len(found)))


def run(editor: Editor, chosen: Sequence[Place], wait_s: float, on_place: Callable[[int], None]) -> dict[str, Any]:
    """Ask at each place; ``wait_s`` seconds pass between the first list and the choice."""
    lists_ms: list[float] = []
    first_ms: list[float] = []
    for number, place in enumerate(chosen):
        on_place(number)
        editor.open(place.path, "python", place.text)
        command: dict[str, Any] | None = None
        for _ in range(NUM_LISTS):
            started_s = time.perf_counter()
            found = editor.list_actions(place.path, place.text, place.offset)
            lists_ms.append((time.perf_counter() - started_s) * 1e3)
            command = next((entry["command"] for entry in found if entry["title"].startswith("Implement")), None)
        if command is None:
            raise EngineError(f"Implement is not offered in {place.path}.", "Does the model follow instructions?")
        time.sleep(wait_s)
        token = f"bench/{number}"
        started_s = time.perf_counter()
        request = editor.begin(command, token)
        came_s = editor.first_report(token, FIRST_TOKEN_S)
        editor.cancel(request)
        editor.close(place.path)
        if came_s is not None:
            first_ms.append((came_s - started_s) * 1e3)
    return {
        "num_places": len(chosen),
        "wait_s": wait_s,
        "list_first_ms": round(lists_ms[0], 1),
        **_shares("list", lists_ms),
        **_shares("first_token", first_ms),
        "num_without_token": len(chosen) - len(first_ms),
    }


def _shares(name: str, times_ms: list[float]) -> dict[str, float]:
    """Median, 95 % and longest."""
    if not times_ms:
        return {}
    ordered = sorted(times_ms)
    return {
        f"{name}_p50_ms": round(median(ordered), 1),
        f"{name}_p95_ms": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
        f"{name}_max_ms": round(ordered[-1], 1),
    }


def _emptied(file: SourceFile) -> list[Place]:
    """The file once for each of its documented functions, that function without its body."""
    try:
        tree = ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    lines = file.text.split("\n")
    found: list[Place] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or len(node.body) < 2:
            continue
        if len(ast.get_docstring(node) or "") < _MIN_DOCSTRING_CHARS:
            continue
        last, end = node.body[0].end_lineno or 0, node.end_lineno or 0
        text = "\n".join([*lines[:last], *lines[end:]])
        offset = sum(len(line) + 1 for line in lines[: node.lineno - 1]) + node.col_offset + len("def ")
        found.append(Place(file.path, text, offset))
    return found
