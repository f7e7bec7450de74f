"""``fimble bench shots``: Implement and Document, each asked without and with one example before its question; greedy,
first answers only.

Implement: the small functions of ``shots.toml``, run with their tests. Document: functions of the corpus, scored as
``bench document`` does.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fimble.bench import docstrings
from fimble.bench.functions import Function, docstring_of
from fimble.bench.generate import with_edits
from fimble.checks.execution import Verdict, execute
from fimble.engine.base import CancelToken
from fimble.features.actions.action import Kind, Page, Selection
from fimble.features.actions.document import Document
from fimble.features.actions.implement import Implement
from fimble.features.generation.generator import Generator
from fimble.prompt.chat import Message, Role
from fimble.syntax.languages import LANGUAGES
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import parse
from fimble.text import Snapshot

SEED = 7
_BEGUN = '''def evens_first(numbers):
    """Return numbers sorted so that the even ones come before the odd ones, each in ascending order."""
'''
_BODY = "    return sorted(numbers, key=lambda number: (number % 2, number))\n"
_DOCSTRING = '''    """Sorts numbers, the even ones before the odd ones.

    Args:
        numbers: The whole numbers to sort.

    Returns:
        A new list, each half in ascending order.
    """
'''
_HEAD = _BEGUN.split("\n")[0] + "\n"
EXAMPLES = {
    Kind.IMPLEMENT: (
        Message(Role.USER, f"Complete this Python function.\n```python\n{_BEGUN}```"),
        Message(Role.ASSISTANT, f"```python\n{_BEGUN}{_BODY}```"),
    ),
    Kind.DOCUMENT: (
        Message(Role.USER, f"Add a docstring in Google style to this function.\n```python\n{_HEAD}{_BODY}```"),
        Message(Role.ASSISTANT, f"```python\n{_HEAD}{_DOCSTRING}{_BODY}```"),
    ),
}
"""What an answer looks like, in the words of the questions."""


def run(generator: Generator, functions: Sequence[Function]) -> dict[str, Any]:
    """The figures of each action, by its name and the number of examples."""
    found: dict[str, Any] = {}
    for number in (0, 1):
        shown = {kind: examples if number else () for kind, examples in EXAMPLES.items()}
        found[f"implement_{number}"] = implement(generator, shown[Kind.IMPLEMENT])
        found[f"document_{number}"] = document(generator, functions, shown[Kind.DOCUMENT])
    return found


def implement(generator: Generator, examples: Sequence[Message]) -> dict[str, Any]:
    """Share of the functions that pass their tests."""
    tasks = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["task"]
    passed: list[bool] = []
    started = time.perf_counter()
    for task in tasks:
        text = task["prompt"].lstrip("\n")
        code, after = _answer(generator, Implement(), text, 4, examples)
        passed.append(bool(code) and execute(f"{after}\n{task['test']}\n") is Verdict.PASSED)
    return {
        "num": len(passed),
        "passed": sum(passed),
        "which": [number for number, is_passed in enumerate(passed) if is_passed],
        "mean_s": round((time.perf_counter() - started) / len(passed), 2),
    }


def document(generator: Generator, functions: Sequence[Function], examples: Sequence[Message]) -> dict[str, Any]:
    """The rules of ``bench document``, for first answers."""
    qualities: list[docstrings.Quality] = []
    started = time.perf_counter()
    for function in functions:
        _, after = _answer(generator, Document(), function.text, function.offset, examples)
        docstring = docstring_of(after, function.number)
        if docstring:
            qualities.append(docstrings.quality(docstring, function))
    mean_s = round((time.perf_counter() - started) / len(functions), 2)
    return {"num": len(functions), **docstrings.summary(qualities), "mean_s": mean_s}


def _answer(
    generator: Generator, action: Implement | Document, text: str, offset: int, examples: Sequence[Message]
) -> tuple[str, str]:
    """The code of the first answer, and the text with it in its place."""
    parsed = parse(LANGUAGES["python"], text, encode(text), 2000.0)
    assert parsed is not None, "a source file is parsed in time"
    page = Page(parsed, "file:///shots.py")
    (offer,) = action.offers(Selection(Snapshot(page.uri, "python", 1, text), offset, offset), page)
    task = action.task(offer, page)
    asked = replace(task, messages=(*examples, *task.messages))
    code = generator.generate(asked, CancelToken(), max_attempts=1).best.code
    return code, with_edits(text, action.done(offer, page, code).edits) if code.strip() else text
