"""A scripted engine: keeps ``base.Engine``'s promises without a model. For tests."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from fimble.engine.base import Adapter, CancelToken, EngineInfo, Finish, GenerateRequest, GenerationStats, Token
from fimble.engine.kv import count_shared
from fimble.errors import EngineCancelled, PromptTooLong


class ScriptedEngine:
    """Answers a prompt with what ``script`` returns for it: one token list a candidate.

    Where a constraint does not allow the scripted token, the first allowed ones come before it.
    """

    def __init__(
        self,
        script: Callable[[tuple[int, ...]], Sequence[Sequence[int]]],
        *,
        delay_ms: float = 0.0,
        context_length: int = 4096,
        logprob: float = -0.1,
        fit: Callable[[tuple[int, ...], tuple[int, ...]], float] = lambda prompt, answer: -1.0,
    ) -> None:
        """``delay_ms`` passes before each token, in steps that notice a cancellation.

        ``fit``: prompt and answer -> each of the answer's log-probabilities, for ``logprobs``.
        """
        self.info = EngineInfo("scripted", "cpu", context_length, 1 << 20)
        self.requests: list[GenerateRequest] = []
        self.adapters: list[str] = []
        """The fingerprint of the adapter in use at each request; empty for none."""
        self._adapter = ""
        self._script, self._delay_ms, self._logprob, self._fit = script, delay_ms, logprob, fit

    def use(self, adapter: Adapter | None) -> None:
        self._adapter = adapter.fingerprint if adapter is not None else ""

    def generate(self, request: GenerateRequest, cancel: CancelToken | None = None) -> ScriptedGeneration:
        if not request.prompt or len(request.prompt) + request.max_tokens > self.info.context_length:
            raise PromptTooLong("The prompt does not fit.")
        previous = self._previous()
        self.requests.append(request)
        self.adapters.append(self._adapter)
        answers = self._script(request.prompt)[: request.num_candidates] if request.max_tokens else ()
        num_reused = min(count_shared(list(previous), request.prompt), len(request.prompt) - 1)
        return ScriptedGeneration(request, answers, cancel, self._delay_ms, self._logprob, num_reused)

    def logprobs(
        self, prompt: Sequence[int], answer: Sequence[int], sequence: str = "", cancel: CancelToken | None = None
    ) -> list[float]:
        if cancel is not None and cancel.cancelled:
            raise EngineCancelled("The request was cancelled.")
        return [self._fit(tuple(prompt), tuple(answer))] * len(answer)

    def num_cached_tokens(self, prompt: Sequence[int]) -> int:
        return count_shared(list(self._previous()), prompt)

    def _previous(self) -> tuple[int, ...]:
        """The last prompt that was read with the adapter in use."""
        is_known = self.requests and self.adapters[-1] == self._adapter
        return self.requests[-1].prompt if is_known else ()

    def close(self) -> None:
        self.requests.clear()
        self.adapters.clear()


class ScriptedGeneration:
    """A scripted answer being given."""

    def __init__(
        self,
        request: GenerateRequest,
        answers: Sequence[Sequence[int]],
        cancel: CancelToken | None,
        delay_ms: float,
        logprob: float,
        num_reused: int,
    ) -> None:
        self.stats = GenerationStats(num_prompt_tokens=len(request.prompt), num_reused_tokens=num_reused)
        self._request, self._answers, self._cancel = request, answers, cancel
        self._delay_ms, self._logprob = delay_ms, logprob

    def __iter__(self) -> Iterator[Token]:
        if self._request.max_tokens == 0:
            self._wait()
        for candidate, answer in enumerate(self._answers):
            yield from self._answer(candidate, answer)

    def _answer(self, candidate: int, answer: Sequence[int]) -> Iterator[Token]:
        request, waiting, given = self._request, deque(answer), list[int]()
        while len(given) < request.max_tokens:
            self._wait()
            allowed = None if request.constraint is None else request.constraint.allowed(given)
            if allowed is not None and (not waiting or waiting[0] not in allowed):
                token = int(allowed[0])
            elif not waiting or waiting[0] in request.stop_tokens:
                self.stats.finishes[candidate] = Finish.STOP_TOKEN
                return
            else:
                token = waiting.popleft()
            given.append(token)
            self.stats.num_generated_tokens += 1
            yield Token(candidate, token, self._logprob)
            if request.stop is not None and request.stop(given):
                self.stats.finishes[candidate] = Finish.STOP_PREDICATE
                return
        self.stats.finishes[candidate] = Finish.LENGTH

    def _wait(self) -> None:
        end = time.monotonic() + self._delay_ms / 1e3
        while True:
            if self._cancel is not None and self._cancel.cancelled:
                raise EngineCancelled("The request was cancelled.")
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.005))
