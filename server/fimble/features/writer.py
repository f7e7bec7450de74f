"""One run of the engine, from a prompt to raw continuations."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fimble.engine.base import (
    CancelToken,
    Constraint,
    Engine,
    Finish,
    GenerateRequest,
    GenerationStats,
    Sampling,
    Urgency,
)
from fimble.features.continuation import Continuation, Place
from fimble.prompt.build import Encoder, Prompt

GREEDY = Sampling()
PATIENCE_MS = 280.0
"""After this long an answer that has a whole line is given as it is; the rest is written in idle time."""
ASKED_MS = 4000.0
"""A person who asked waits longer: so long from the first token on, and not for ever."""
LAST_MOMENT_MS = 640.0
"""After this long an answer is given whatever it has: VS Code gives up at 750 ms."""


class Tokenizer(Encoder, Protocol):
    """What features need of ``engine.tokenizer.Tokenizer``."""

    def begins_with(self, text: str) -> Constraint: ...

    def other_than(self, banned: Collection[int], text: str = "") -> Constraint: ...


@dataclass(slots=True)
class Written:
    """What came of one run."""

    stats: GenerationStats
    continuations: list[Continuation] = field(default_factory=list)
    """One a candidate, the greedy one first."""


class Writer:
    """Runs the engine; every caller is on its thread."""

    def __init__(
        self, engine: Engine, tokenizer: Tokenizer, stop_tokens: frozenset[int], clock: Callable[[], float]
    ) -> None:
        self.engine = engine
        self.num_run_tokens = 0
        """All tokens that were prefilled or generated so far, for answers and in idle time."""
        self._tokenizer, self._stop_tokens, self._clock = tokenizer, stop_tokens, clock

    def write(
        self,
        prompt: Prompt,
        place: Place,
        goes_on: Callable[[str], bool],
        cancel: CancelToken,
        *,
        max_tokens: int,
        num_candidates: int = 1,
        drafts: Sequence[Continuation] = (),
        is_hurried: bool = False,
        begun: Continuation | None = None,
        banned: Collection[int] = (),
        started_s: float | None = None,
        sampling: Sampling = GREEDY,
        until_s: float = math.inf,
        urgency: Urgency = Urgency.AWAITED,
    ) -> Written:
        """Continue ``prompt`` for as long as ``goes_on`` says so of the text that is new at ``place``.

        ``is_hurried``: a person waits, so the answer ends after ``PATIENCE_MS`` at the next line's
        end. ``begun``: an answer that the prompt ends with; it is decoded with its new end, because
        a character may lie across the joint. ``banned``: tokens that the answer must not begin with.
        ``started_s``: when the person began to wait, if not now. ``until_s``: what is not whole by then is dropped.
        ``urgency``: who waits, where nobody is in a hurry.
        Raises ``EngineError``; ``EngineCancelled`` when ``cancel`` is set.
        """
        required = prompt.required if begun is None else begun.required
        lead = () if begun is None else begun.answer
        waiting_since_s = self._clock() if started_s is None else started_s
        first_token_s: float | None = None
        texts: dict[int, list[str]] = {}
        current = 0

        def is_over(ids: Sequence[int]) -> bool:
            nonlocal first_token_s
            now_s = self._clock()
            first_token_s = now_s if first_token_s is None else first_token_s
            whole = self._tokenizer.decode((*lead, *ids))
            text = whole.removeprefix(required) if whole.startswith(required) else ""
            texts.setdefault(current, []).append(text)
            if not text:
                return False
            if not goes_on(text):
                return True
            if not is_hurried:
                return (now_s - first_token_s) * 1000 > ASKED_MS
            has_line = "\n" in text.lstrip()
            return (now_s - waiting_since_s) * 1000 > (PATIENCE_MS if has_line else LAST_MOMENT_MS)

        request = GenerateRequest(
            prompt=prompt.tokens,
            max_tokens=max_tokens,
            stop_tokens=self._stop_tokens,
            stop=is_over,
            sampling=sampling,
            num_candidates=num_candidates,
            sequence=place.uri,
            constraint=self._constraint(prompt.required, banned),
            drafts=tuple(draft.answer for draft in drafts),
            urgency=Urgency.KEYSTROKE if is_hurried else urgency,
        )
        generation = self.engine.generate(request, cancel)
        written = Written(generation.stats)
        ids: dict[int, list[int]] = {}
        logprobs: dict[int, list[float]] = {}
        try:
            for token in generation:
                current = token.candidate
                ids.setdefault(current, []).append(token.id)
                logprobs.setdefault(current, []).append(token.logprob)
                if until_s < math.inf and self._clock() > until_s:
                    break
        finally:
            self._count(generation.stats)
        for candidate, finish in generation.stats.finishes.items():
            parts = texts.get(candidate, [] if begun is None else [begun.text])
            text = parts[-1].rstrip("\ufffd") if parts else ""
            ends = tuple(min(len(text), len(part)) for part in parts[: len(ids.get(candidate, ()))])
            written.continuations.append(
                Continuation(
                    place,
                    text,
                    ends if begun is None else begun.ends + ends,
                    (*(() if begun is None else begun.logprobs), *logprobs.get(candidate, ())),
                    (*prompt.tokens, *ids.get(candidate, ())),
                    len(prompt.tokens) - len(lead),
                    finish is Finish.STOP_TOKEN,
                    required,
                )
            )
        return written

    def write_otherwise(
        self,
        rejected: Continuation,
        banned: Collection[int],
        goes_on: Callable[[str], bool],
        cancel: CancelToken,
        *,
        max_tokens: int,
        is_hurried: bool,
        started_s: float,
    ) -> Written:
        """What the model writes where ``rejected`` began, if it may not begin with ``banned`` nor end at once."""
        begun, _ = rejected.before_text()
        written = self._tokenizer.decode(begun.answer)
        prompt = Prompt(begun.tokens, rejected.required.removeprefix(written))
        return self.write(
            prompt,
            rejected.place,
            goes_on,
            cancel,
            max_tokens=max_tokens,
            is_hurried=is_hurried,
            begun=begun,
            banned=banned,
            started_s=started_s,
        )

    def _constraint(self, required: str, banned: Collection[int]) -> Constraint | None:
        if banned:
            return self._tokenizer.other_than(banned, required)
        return self._tokenizer.begins_with(required) if required else None

    def extend(
        self, continuation: Continuation, goes_on: Callable[[str], bool], cancel: CancelToken, max_tokens: int
    ) -> Continuation:
        """``continuation`` with more of what the model would write after it, in idle time."""
        prompt = Prompt(continuation.tokens, "")
        written = self.write(
            prompt,
            continuation.place,
            goes_on,
            cancel,
            max_tokens=max_tokens,
            begun=continuation,
            urgency=Urgency.IDLE,
        )
        return written.continuations[0]

    def read(self, tokens: Sequence[int], sequence: str, cancel: CancelToken, chunk_tokens: int) -> GenerationStats:
        """Only prefill ``tokens``, in idle time and in small steps that a cancellation does not undo."""
        request = GenerateRequest(
            prompt=tuple(tokens),
            max_tokens=0,
            sequence=sequence,
            prefill_chunk_tokens=chunk_tokens,
            urgency=Urgency.IDLE,
        )
        generation = self.engine.generate(request, cancel)
        for _ in generation:
            pass
        self._count(generation.stats)
        return generation.stats

    def _count(self, stats: GenerationStats) -> None:
        self.num_run_tokens += stats.num_prompt_tokens - stats.num_reused_tokens + stats.num_generated_tokens
