"""Functions made for a measurement can be asked for, and their tests tell right from wrong."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fimble.bench import shots
from fimble.features.actions.action import Kind
from fimble.prompt.chat import Message

RIGHT = "def clamp(value, low, high):\n    return max(low, min(value, high))\n"


class Says:
    """Answers every task with the same code, and notes what it was asked."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: list[tuple[Message, ...]] = []

    def generate(self, task: Any, cancel: object, max_attempts: int) -> Any:
        assert max_attempts == 1
        self.asked.append(task.messages)
        return SimpleNamespace(best=SimpleNamespace(code=self.code))


def test_each_task_is_a_function_without_a_body_and_a_test_of_it() -> None:
    tasks = tomllib.loads(Path(shots.__file__).with_suffix(".toml").read_text(encoding="utf-8"))["task"]
    names: list[str] = []
    for task in tasks:
        (function,) = ast.parse(task["prompt"].lstrip("\n")).body
        assert isinstance(function, ast.FunctionDef) and ast.get_docstring(function) and len(function.body) == 1
        assert f"{function.name}(" in task["test"]
        ast.parse(task["test"])
        names.append(function.name)
    assert len(set(names)) == len(tasks) == 40


def test_only_the_function_that_is_right_passes() -> None:
    model: Any = Says(RIGHT)
    found = shots.implement(model, ())
    assert found["num"] == 40 and found["passed"] == 1
    assert all(len(messages) == 1 for messages in model.asked)


def test_the_example_stands_before_the_question() -> None:
    model: Any = Says("")
    found = shots.implement(model, shots.EXAMPLES[Kind.IMPLEMENT])
    assert found["passed"] == 0
    for first, answer, question in model.asked:
        assert "def evens_first" in first.text and "sorted(" in answer.text and "evens_first" not in question.text
