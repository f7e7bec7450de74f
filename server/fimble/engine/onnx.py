"""The real engine: prefill what no slot holds yet, then decode token by token."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from fimble.engine.base import (
    CancelToken,
    EngineInfo,
    Finish,
    GenerateRequest,
    GenerationStats,
    Token,
)
from fimble.engine.kv import Slot, SlotPool
from fimble.engine.sampler import Logits, Sampler
from fimble.engine.session import KvCache, Session
from fimble.errors import EngineCancelled, PromptTooLong

PREFILL_CHUNK_TOKENS = 128
"""What one prefill run takes; whole chunks survive a cancellation. Larger ones gain under 5 %."""


class OnnxEngine:
    """Serves one model; keeps ``base.Engine``'s promises."""

    def __init__(
        self,
        graph: Path,
        model: str,
        provider: str = "cpu",
        *,
        num_threads: int = 0,
        context_length: int = 4096,
        kv_cache_mb: int = 256,
    ) -> None:
        """Load ``graph``; errors as in ``Session``."""
        self.session = Session(graph, provider, num_threads)
        self.info = EngineInfo(model, provider, context_length, self.session.vocabulary_size)
        self.slots: SlotPool[KvCache] = SlotPool(
            lambda: KvCache(self.session, context_length),
            lambda source, target, num_tokens: target.copy_prefix(source, num_tokens),
            kv_cache_mb * 2**20 // self.session.layout.bytes_per_token,
            whole_slot_tokens=context_length if provider == "cuda" else 0,
        )

    def generate(self, request: GenerateRequest, cancel: CancelToken | None = None) -> OnnxGeneration:
        """See ``base.Engine``."""
        longest = len(request.prompt) + request.max_tokens
        if not request.prompt or longest > self.info.context_length:
            raise PromptTooLong(
                f"{len(request.prompt)} prompt tokens and {request.max_tokens} new ones do not fit"
                f" a context of {self.info.context_length}.",
                "Lower prompt_tokens or max_block_tokens, or raise context_length.",
            )
        return OnnxGeneration(self.session, self.slots, request, cancel)

    def close(self) -> None:
        """See ``base.Engine``."""
        self.slots.clear()
        del self.session


class OnnxGeneration:
    """One running answer."""

    def __init__(
        self, session: Session, slots: SlotPool[KvCache], request: GenerateRequest, cancel: CancelToken | None
    ) -> None:
        self.stats = GenerationStats(num_prompt_tokens=len(request.prompt))
        self._session, self._slots, self._request, self._cancel = session, slots, request, cancel

    def __iter__(self) -> Iterator[Token]:
        prompt = self._request.prompt
        self._check_cancelled()
        slot = self._slots.acquire(prompt, self._request.max_tokens, self._request.sequence)
        self.stats.num_reused_tokens = len(slot.tokens)
        started = time.perf_counter()
        for begin in range(len(slot.tokens), len(prompt), PREFILL_CHUNK_TOKENS):
            logits = self._run(slot, prompt[begin : begin + PREFILL_CHUNK_TOKENS])
        self.stats.prefill_ms = (time.perf_counter() - started) * 1e3
        for candidate in range(self._request.num_candidates):
            slot.rewind(len(prompt))
            yield from self._decode(slot, candidate, logits)

    def _decode(self, slot: Slot[KvCache], candidate: int, logits: Logits) -> Iterator[Token]:
        request, sampler, answer = self._request, Sampler(self._request.sampling, candidate), list[int]()
        token, logprob = sampler.first(logits)
        while token not in request.stop_tokens:
            answer.append(token)
            self.stats.num_generated_tokens += 1
            yield Token(candidate, token, logprob)
            if request.stop is not None and request.stop(answer):
                self.stats.finishes[candidate] = Finish.STOP_PREDICATE
                return
            if len(answer) == request.max_tokens:
                self.stats.finishes[candidate] = Finish.LENGTH
                return
            started = time.perf_counter()
            token, logprob = sampler.next(self._run(slot, (token,)))
            self.stats.decode_ms += (time.perf_counter() - started) * 1e3
        self.stats.finishes[candidate] = Finish.STOP_TOKEN

    def _run(self, slot: Slot[KvCache], tokens: Sequence[int]) -> Logits:
        """Append ``tokens`` to the slot; returns the logits ``[vocabulary]`` of the last of them."""
        logits = self._session.run(tokens, slot.cache, len(slot.tokens), cancel=self._cancel)
        slot.tokens.extend(tokens)
        last: Logits = logits[-1]
        return last

    def _check_cancelled(self) -> None:
        if self._cancel is not None and self._cancel.cancelled:
            raise EngineCancelled("The request was cancelled.")
