"""The loop from logits to tokens, and the run that checks several guessed tokens at once.

A guess changes only when logits are computed: token by token the answer is chosen from
the same rows, so stops, limits and constraints act as if there were no guesses. What a slot
is said to hold are tokens of the prompt and of the answer alone; rows of a wrong guess lie
behind them and are written over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from fimble.engine.base import Finish, GenerateRequest, GenerationStats, Token
from fimble.engine.sampler import Ids, Logits, Sampler
from fimble.engine.speculate import Drafter, Experience

Run = Callable[[Sequence[int], int], Logits]
"""``run(tokens, n)``: append ``tokens`` to what is kept; logits ``[n, vocabulary]`` of the last n."""


class Lookahead:
    """Logits after each token of one candidate's answer, several rows a run where a guess is at hand."""

    def __init__(
        self,
        run: Run,
        kept: list[int],
        stats: GenerationStats,
        drafter: Drafter | None,
        experience: Experience,
    ) -> None:
        """``run`` appends behind ``kept``, which grows by each token that is known to be right."""
        self._run, self._kept, self._stats = run, kept, stats
        self._drafter, self._experience = drafter, experience
        self._drafted: list[int] = []
        self._rows: Logits | None = None
        self._num_accepted = 0

    def after(self, tokens: Sequence[int], num_left: int, allowed: Ids | None) -> Logits:
        """Logits ``[vocabulary]`` after ``tokens``: the end of the prompt, or the answer's next token.

        ``num_left``: how many tokens the answer may still get. ``allowed``: which of them may come next.
        """
        if self._drafter is not None and self._rows is not None:
            self._drafter.add(tokens[0])
        if self._rows is not None and self._drafted[self._num_accepted : self._num_accepted + 1] == list(tokens):
            self._num_accepted += 1
            self._stats.num_accepted_draft_tokens += 1
            self._kept.extend(tokens)
        else:
            self.settle()
            self._drafted = self._guess(num_left, allowed)
            self._rows = self._run([*tokens, *self._drafted], 1 + len(self._drafted))
            self._kept.extend(tokens)
            self._stats.num_drafted_tokens += len(self._drafted)
        row: Logits = self._rows[self._num_accepted]
        return row

    def settle(self) -> None:
        """Account for the last run; to be called at the end too."""
        if self._rows is not None and self._drafter is not None:
            self._experience.pay(len(self._drafted), self._num_accepted)
        self._drafted, self._num_accepted = [], 0

    def _guess(self, num_left: int, allowed: Ids | None) -> list[int]:
        drafted = self._drafter.draft(num_left - 1) if self._drafter is not None else []
        if drafted and allowed is not None and not _holds(allowed, drafted[0]):
            return []
        return drafted


def decode(
    request: GenerateRequest, candidate: int, logits: Logits, lookahead: Lookahead, stats: GenerationStats
) -> Iterator[Token]:
    """One candidate's tokens, ``logits`` ``[vocabulary]`` being those after the prompt."""
    sampler, answer = Sampler(request.sampling, candidate), list[int]()
    token, logprob = sampler.first(logits, allowed_after(request, answer))
    while token not in request.stop_tokens:
        answer.append(token)
        stats.num_generated_tokens += 1
        yield Token(candidate, token, logprob)
        if request.stop is not None and request.stop(answer):
            stats.finishes[candidate] = Finish.STOP_PREDICATE
            return
        if len(answer) == request.max_tokens:
            stats.finishes[candidate] = Finish.LENGTH
            return
        started = time.perf_counter()
        allowed = allowed_after(request, answer)
        logits = lookahead.after((token,), request.max_tokens - len(answer), allowed)
        token, logprob = sampler.next(logits, allowed)
        stats.decode_ms += (time.perf_counter() - started) * 1e3
    stats.finishes[candidate] = Finish.STOP_TOKEN


def allowed_after(request: GenerateRequest, answer: Sequence[int]) -> Ids | None:
    """What may follow ``answer``; ``None`` for anything."""
    return None if request.constraint is None else request.constraint.allowed(answer)


def _holds(ascending: Ids, token: int) -> bool:
    place = int(np.searchsorted(ascending, token))
    return place < len(ascending) and int(ascending[place]) == token
