"""Types a script on one side, a server or its peer, and writes down what was on the screen and when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fimble.bench.corpus import SourceFile
from fimble.bench.script import MEAN_PAUSE_MS, Script, Step

MAX_WAIT_S = 20.0
"""For an answer, in the closed loop."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came to the screen after a key; ``text`` is empty where nothing did."""

    text: str
    latency_ms: float
    """From the key to the suggestion, or to the news that there is none."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What an answer took."""

    source: str = ""
    """``model``, ``cache`` or ``joined``; empty where nobody asked."""
    reason: str = ""
    """Why nothing was shown, where the side says so."""
    num_prompt_tokens: int = 0
    num_reused_tokens: int = 0
    num_generated_tokens: int = 0
    confidence: float | None = None
    num_run_tokens: int | None = None
    """All tokens that the model has prefilled or generated since the start, work in the background too."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One keystroke and what became of it; ``answer`` is ``None`` where none came in time."""

    step: Step
    answer: Answer | None
    effort: Effort

    @property
    def text(self) -> str:
        """The suggestion on the screen, or nothing."""
        return self.answer.text if self.answer else ""


class Side(Protocol):
    """An editor with completion, about to be typed in."""

    def open(self, file: SourceFile) -> None:
        """Show a file for the first time."""
        ...

    def press(self, step: Step, before: str, after: str) -> None:
        """One key, which supersedes what is not answered; returns at once. ``before`` and ``after`` are the text."""
        ...

    def answer(self, deadline_s: float) -> Answer | None:
        """The answer to the last key, when there is one by ``deadline_s`` on ``time.perf_counter``'s clock."""
        ...

    def effort(self) -> Effort:
        """What the last answer took."""
        ...


def states(script: Script) -> Iterator[tuple[Step, str, str]]:
    """Each step with its file's text before and after it."""
    texts = {file.path: file.text for file in script.files}
    for step in script.steps:
        before = texts[step.path]
        texts[step.path] = before[: step.start] + step.text + before[step.end :]
        yield step, before, texts[step.path]


def closed_loop(script: Script, side: Side, on_step: Callable[[int], None]) -> list[Seen]:
    """Await each answer, up to ``MAX_WAIT_S``; the script's pause passes before the next key.

    The pause is real time, which either side may use for work of its own.
    """
    seen: list[Seen] = []
    opening = _Opening(script, side)
    for number, (step, before, after) in enumerate(states(script)):
        on_step(number)
        opening.open(step)
        due_s = time.perf_counter() + step.pause_ms / 1e3
        effort = side.effort() if number else Effort()
        if seen:
            seen[-1] = Seen(seen[-1].step, seen[-1].answer, effort)
        _sleep_until(due_s)
        side.press(step, before, after)
        seen.append(Seen(step, side.answer(time.perf_counter() + MAX_WAIT_S), Effort()))
    seen[-1] = Seen(seen[-1].step, seen[-1].answer, side.effort())
    return seen


def open_loop(script: Script, side: Side, on_step: Callable[[int], None]) -> list[Seen]:
    """Keys arrive on time and supersede what is not answered; an answer counts until the next key."""
    seen: list[Seen] = []
    opening = _Opening(script, side)
    due_s = time.perf_counter()
    pauses_ms = [step.pause_ms for step in script.steps[1:]] + [MEAN_PAUSE_MS]
    for number, (step, before, after) in enumerate(states(script)):
        on_step(number)
        _sleep_until(due_s)
        side.press(step, before, after)
        due_s += pauses_ms[number] / 1e3
        if number + 1 < len(script.steps):
            opening.open(script.steps[number + 1])
        seen.append(Seen(step, side.answer(due_s), Effort()))
    return seen


class _Opening:
    """Opens a file in the pause before its first key."""

    def __init__(self, script: Script, side: Side) -> None:
        self._side = side
        self._unopened = {file.path: file for file in script.files}
        self.open(script.steps[0])

    def open(self, step: Step) -> None:
        file = self._unopened.pop(step.path, None)
        if file is not None:
            self._side.open(file)


def _sleep_until(due_s: float) -> None:
    time.sleep(max(0.0, due_s - time.perf_counter()))
