"""From an instruction to code that holds up: greedy first, then others, then a repair; or an honest refusal.

Checks decide, and of answers that pass them all, or fail them equally, likelihood. Nothing that
does not pass is called good.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from fimble.checks.finding import Finding, fatal
from fimble.engine.base import CancelToken, Engine, GenerateRequest, Sampling, Urgency
from fimble.errors import EngineCancelled, PromptTooLong
from fimble.features.generation.cutting import code_in, is_complete
from fimble.features.generation.steps import Steps, aside, finish
from fimble.features.generation.turn import Turn
from fimble.prompt.chat import ChatPrompts, Message, Role

MAX_ATTEMPTS = 4
"""The greedy one among them."""
NUM_REPAIRS = 1
"""Of the attempts, the last: with what is wrong in the prompt."""
MAX_TOKENS = 768
OTHERS = Sampling(temperature=0.6, top_p=0.95)
CHUNK_TOKENS = 64
"""What one run reads of a conversation: short, as others may share the processor."""
SEQUENCE = "chat"
"""Under which engines keep what was read of a conversation."""


class Tokenizer(Protocol):
    """What generation needs of ``engine.tokenizer.Tokenizer``."""

    def decode(self, ids: Sequence[int]) -> str: ...


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of the model, and what its answer must be."""

    messages: tuple[Message, ...]
    check: Callable[[str], tuple[Finding, ...]]
    """From the code of an answer to what is wrong with it, where it is to stand."""
    start: str = ""
    """How the answer begins; a fence makes the model write code at once."""
    cut: Callable[[str], str] = code_in
    """From all that was said, ``start`` included, to the code in it."""
    is_over: Callable[[str], bool] = is_complete
    """Whether nothing that is wanted follows what was said so far."""
    max_tokens: int = MAX_TOKENS
    mend: Callable[[str], str] = str
    """What can be mended without the model, such as an import that is missing."""
    again: str = "Write the whole code again, corrected."
    """What is said to have an answer written once more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer."""

    code: str
    findings: tuple[Finding, ...]
    mean_logprob: float
    """Natural log, at most 0."""
    written: str = ""
    """The code as the model wrote it, before anything was mended."""

    @property
    def num_fatal(self) -> int:
        return len(fatal(self.findings))

    @property
    def num_wrong(self) -> int:
        """Findings for which another attempt is worth its time."""
        return sum(finding.kind.asks_for_another for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Generated:
    """The best of all attempts, in the order they were made."""

    best: Attempt
    attempts: tuple[Attempt, ...]
    latency_ms: float
    num_generated_tokens: int

    @property
    def is_sound(self) -> bool:
        """Whether the best may be shown as code that passed its checks."""
        return bool(self.best.code) and not self.best.num_fatal


class Generator:
    """Follows instructions; on the engine's thread."""

    def __init__(
        self,
        engine: Engine,
        tokenizer: Tokenizer,
        prompts: ChatPrompts,
        stop_tokens: frozenset[int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._tokenizer, self._prompts = engine, tokenizer, prompts
        self._stop_tokens, self._clock = stop_tokens, clock

    def generate(
        self,
        task: Task,
        cancel: CancelToken,
        on_text: Callable[[str], None] = lambda _: None,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> Generated:
        """Answer ``task``, all at once; the rest as in ``steps``."""
        return finish(self.steps(task, Turn(cancel), on_text, max_attempts))

    def steps(
        self,
        task: Task,
        turn: Turn,
        on_text: Callable[[str], None] = lambda _: None,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> Steps[Generated]:
        """Answer ``task``, with a break wherever ``turn`` gives way. ``on_text`` sees each attempt's text as it grows.

        Raises ``EngineError``: ``PromptTooLong`` for more than the model can read, ``EngineCancelled``.
        """
        started_s = self._clock()
        attempts: list[Attempt] = []
        num_tokens = 0

        def attempt(messages: Sequence[Message], sampling: Sampling) -> Steps[Attempt]:
            nonlocal num_tokens
            text, logprobs = yield from self._write(task, messages, sampling, turn, on_text)
            num_tokens += len(logprobs)
            mean = sum(logprobs) / len(logprobs) if logprobs else 0.0
            attempts.append((yield from aside(lambda: _checked(task, text, mean))))
            return attempts[-1]

        best = yield from attempt(task.messages, Sampling())
        for number in range(1, max_attempts - NUM_REPAIRS):
            if _is_good(best):
                break
            other = yield from attempt(task.messages, Sampling(OTHERS.temperature, OTHERS.top_p, seed=number))
            best = _better(best, other)
        if not _is_good(best) and max_attempts > 1:
            with suppress(PromptTooLong):  # the failed answer lies in it, too
                repaired = yield from attempt(_with_complaint(task, best), Sampling())
                best = _better(best, repaired)
        return Generated(best, tuple(attempts), (self._clock() - started_s) * 1000, num_tokens)

    def warm(self, task: Task, cancel: CancelToken, chunk_tokens: int) -> bool:
        """Read what ``task`` asks, so that its answer begins at once; whether anything was left to read."""
        prompt = self._prompts.prompt(task.messages, task.start)
        if self._engine.num_cached_tokens(prompt) >= len(prompt) - 1:
            return False
        request = GenerateRequest(
            prompt, max_tokens=0, sequence=SEQUENCE, prefill_chunk_tokens=chunk_tokens, urgency=Urgency.IDLE
        )
        for _ in self._engine.generate(request, cancel):
            pass
        return True

    def _write(
        self,
        task: Task,
        messages: Sequence[Message],
        sampling: Sampling,
        turn: Turn,
        on_text: Callable[[str], None],
    ) -> Steps[tuple[str, list[float]]]:
        """All that the model says, and the log-probability of each of its tokens."""
        prompt = self._prompts.prompt(messages, task.start)
        room = self._engine.info.context_length - len(prompt)
        if room < min(64, task.max_tokens):
            raise PromptTooLong(
                f"The instruction and its context take {len(prompt)} of the model's"
                f" {self._engine.info.context_length} tokens.",
                "Select less, or say it in fewer words.",
            )
        num_most = min(room, task.max_tokens)
        ids: list[int] = []
        logprobs: list[float] = []
        while len(ids) < num_most:
            said = tuple(ids)

            def is_over(more: Sequence[int], said: tuple[int, ...] = said) -> bool:
                text = task.start + self._tokenizer.decode((*said, *more))
                on_text(text)
                return task.is_over(text)

            request = GenerateRequest(
                prompt=(*prompt, *said),
                max_tokens=num_most - len(said),
                stop_tokens=self._stop_tokens,
                stop=is_over,
                sampling=replace(sampling, seed=sampling.seed + len(said)),
                sequence=SEQUENCE,
                prefill_chunk_tokens=CHUNK_TOKENS,
            )
            try:
                for token in self._engine.generate(request, turn.pause):
                    ids.append(token.id)
                    logprobs.append(token.logprob)
                break
            except EngineCancelled:
                if turn.cancel.cancelled:
                    raise
            yield None
        return task.start + self._tokenizer.decode(ids), logprobs


def _checked(task: Task, text: str, mean_logprob: float) -> Attempt:
    """What became of all that was said; with nothing of the engine, so that it may be found anywhere."""
    written = task.cut(text)
    code = task.mend(written)
    return Attempt(code, task.check(code), mean_logprob, written)


def _is_good(attempt: Attempt) -> bool:
    return bool(attempt.code) and not attempt.num_wrong


def _better(first: Attempt, second: Attempt) -> Attempt:
    """Checks first, likelihood second; of equals the first."""

    def merit(attempt: Attempt) -> tuple[bool, int, int, int, float]:
        return (
            bool(attempt.code),
            -attempt.num_fatal,
            -attempt.num_wrong,
            -len(attempt.findings),
            attempt.mean_logprob,
        )

    return second if merit(second) > merit(first) else first


def _with_complaint(task: Task, failed: Attempt) -> tuple[Message, ...]:
    """The conversation with the failed answer in it, and what is wrong with that."""
    wrong = [finding for finding in failed.findings if finding.kind.asks_for_another]
    said = "\n".join(f"- {finding}" for finding in wrong[:3]) or "- there is nothing in it"
    _, is_fenced, name = task.start.rpartition("```")
    code = f"```{name.partition(chr(10))[0]}\n{failed.code}```" if is_fenced else failed.code
    return (
        *task.messages,
        Message(Role.ASSISTANT, code),
        Message(Role.USER, f"This does not work:\n{said}\n{task.again}"),
    )
