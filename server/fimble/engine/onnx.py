"""The real engine: prefill what no slot holds yet, then decode, checking several guessed tokens in a run.

Several engines may share a loaded graph, each with slots, an adapter and an experience of its own. When their runs
are done is their runner's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fimble.engine.base import (
    Adapter,
    CancelToken,
    EngineInfo,
    GenerateRequest,
    GenerationStats,
    Token,
    Urgency,
)
from fimble.engine.cache import KvCache, Lora
from fimble.engine.decode import Lookahead, allowed_after, decode
from fimble.engine.kv import Slot, SlotPool
from fimble.engine.memory import KvMemory
from fimble.engine.runner import Asked, AtOnce, Runner
from fimble.engine.sampler import Logits, log_softmax
from fimble.engine.session import DecoderSession, Session
from fimble.engine.speculate import GPU_ROW_COST, MAX_DRAFT_TOKENS, ROW_COST, Drafter, Experience
from fimble.errors import EngineCancelled, PromptTooLong

GPU_CHUNK_TOKENS = 1024
"""On a GPU a prompt is run in no smaller pieces: on an H100 a run of 1024 tokens takes as long as one of a single
token (7 ms), and a cancelled run ends in its middle within a millisecond."""


class OnnxEngine:
    """Serves one model; keeps ``base.Engine``'s promises."""

    def __init__(
        self,
        graph: Path | DecoderSession,
        model: str,
        provider: str = "cpu",
        *,
        num_threads: int = 0,
        context_length: int = 4096,
        kv_cache_mb: int = 256,
        max_draft_tokens: int = MAX_DRAFT_TOKENS,
        open_session: Callable[[Path, str, int], DecoderSession] = Session,
        memory: KvMemory | None = None,
        runner: Runner | None = None,
    ) -> None:
        """Load ``graph``, or share one that is loaded; errors as in ``Session``.

        ``max_draft_tokens`` 0 turns speculation off.
        ``open_session``: what loads it, given provider and threads: ``growing.open_growing`` for an exported graph.
        ``memory``: for the slots of this and other engines, in place of ``kv_cache_mb``. ``runner``: who does the runs
        of this and other engines.
        """
        self.max_draft_tokens = max_draft_tokens
        self.session = open_session(graph, provider, num_threads) if isinstance(graph, Path) else graph
        is_gpu = self.session.provider == "cuda"
        self.least_chunk_tokens = GPU_CHUNK_TOKENS if is_gpu else 1
        self.experience = Experience(row_cost=GPU_ROW_COST if is_gpu else ROW_COST)
        self.info = EngineInfo(model, self.session.provider, context_length, self.session.vocabulary_size)
        self.runner = runner or AtOnce()
        self.lora = self.session.plain
        """The adapter in use."""
        self._held = self.session.plain
        """The adapter that was used last: one is held beside the base, and reading it again takes a moment."""
        self.slots: SlotPool[KvCache] = SlotPool(
            lambda: self.session.new_cache(context_length),
            lambda source, target, num_tokens: target.copy_prefix(source, num_tokens),
            kv_cache_mb * 2**20 // self.session.layout.bytes_per_token,
            whole_slot_tokens=context_length if is_gpu else 0,
            memory=memory,
            bytes_per_token=self.session.layout.bytes_per_token,
            graph=self.session,
        )

    def use(self, adapter: Adapter | None) -> None:
        """See ``base.Engine``. The base's weights are there once, whatever is used."""
        if adapter is None:
            self.lora = self.session.plain
            return
        if not adapter.fingerprint:
            raise ValueError("an adapter without a fingerprint")
        if adapter.fingerprint != self._held.fingerprint:
            self._let_go()
            self._held = self.session.known_lora(adapter.fingerprint) or self.session.lora(
                adapter.inputs_for(self.session.graph.parent), adapter.fingerprint
            )
        self.lora = self._held

    def _let_go(self) -> None:
        """Hold the adapter no more, before another takes its place. Its memory goes when nobody has it bound.

        What was read with it stays in the slots, and is found again when it is used again.
        """
        self._held = self.session.plain
        for slot in self.slots.slots:
            slot.cache.bind(self.session.plain)

    def generate(self, request: GenerateRequest, cancel: CancelToken | None = None) -> OnnxGeneration:
        """See ``base.Engine``."""
        self._check_length(len(request.prompt), request.max_tokens)
        return OnnxGeneration(self, request, cancel)

    def logprobs(
        self, prompt: Sequence[int], answer: Sequence[int], sequence: str = "", cancel: CancelToken | None = None
    ) -> list[float]:
        """See ``base.Engine``."""
        self._check_length(len(prompt), len(answer))
        slot = self.slots.acquire(prompt, len(answer), sequence, self.lora.fingerprint)
        try:
            unread = [*prompt[len(slot.tokens) :], *answer[:-1]]
            logits = self.run_in(slot, self.lora, unread, len(answer), Asked(Urgency.AWAITED, cancel))
            slot.tokens.extend(unread)
        finally:
            self.slots.release()
        return [float(row[token]) for row, token in zip(log_softmax(logits), answer, strict=True)]

    def run_in(self, slot: Slot[KvCache], lora: Lora, tokens: Sequence[int], num_logits: int, asked: Asked) -> Logits:
        """Run ``tokens`` behind the slot's own, when the runner says so; logits ``[num_logits, vocabulary]``."""
        slot.cache.bind(lora)
        num_past, session = len(slot.tokens), self.session

        def do(stop: CancelToken | None) -> Logits:
            return session.run(tokens, slot.cache, num_past, num_logits, stop)

        return self.runner.run(asked.run(do, len(tokens)))

    def _check_length(self, num_prompt_tokens: int, num_new_tokens: int) -> None:
        if not num_prompt_tokens or num_prompt_tokens + num_new_tokens > self.info.context_length:
            raise PromptTooLong(
                f"{num_prompt_tokens} prompt tokens and {num_new_tokens} new ones do not fit"
                f" a context of {self.info.context_length}.",
                "Lower prompt_tokens or max_block_tokens, or raise context_length.",
            )

    def num_cached_tokens(self, prompt: Sequence[int]) -> int:
        """See ``base.Engine``."""
        return self.slots.num_held(prompt, self.lora.fingerprint)

    def forget(self) -> None:
        """Drop all that was read; answers stay the same."""
        self.slots.clear()

    def close(self) -> None:
        """See ``base.Engine``."""
        self.forget()
        del self.lora, self._held, self.session


class OnnxGeneration:
    """One running answer."""

    def __init__(self, engine: OnnxEngine, request: GenerateRequest, cancel: CancelToken | None) -> None:
        self.stats = GenerationStats(num_prompt_tokens=len(request.prompt))
        self._engine, self._request, self._cancel = engine, request, cancel
        self._lora, self._asked = engine.lora, Asked(request.urgency, cancel)

    def __iter__(self) -> Iterator[Token]:
        try:
            yield from self._tokens()
        finally:
            self._engine.slots.release()

    def _tokens(self) -> Iterator[Token]:
        request, prompt, slots = self._request, self._request.prompt, self._engine.slots
        self._check_cancelled()
        if request.max_tokens == 0:
            self.stats.num_reused_tokens = slots.num_held(prompt, self._lora.fingerprint)
            if self.stats.num_reused_tokens == len(prompt) - 1:
                return
        slot = slots.acquire(prompt, request.max_tokens, request.sequence, self._lora.fingerprint)
        self.stats.num_reused_tokens = len(slot.tokens)
        lookahead = self._lookahead(slot, 0)
        logits = self._prefill(slot, lookahead)
        for candidate in range(request.num_candidates if request.max_tokens else 0):
            if candidate > 0:
                slot.rewind(len(prompt))
                lookahead = self._lookahead(slot, candidate)
            try:
                for token in decode(request, candidate, logits, lookahead, self.stats):
                    self._check_cancelled()
                    yield token
            finally:
                lookahead.settle()

    def _prefill(self, slot: Slot[KvCache], lookahead: Lookahead) -> Logits:
        """Run what ``slot`` lacks of the prompt; returns the logits ``[vocabulary]`` after it.

        The last chunk's run checks the first guess too.
        """
        request, prompt = self._request, self._request.prompt
        length = max(request.prefill_chunk_tokens, self._engine.least_chunk_tokens)
        started = time.perf_counter()
        while len(prompt) - len(slot.tokens) > length:
            chunk = prompt[len(slot.tokens) : len(slot.tokens) + length]
            self._run(slot, chunk, 0)
            slot.tokens.extend(chunk)
        logits = lookahead.after(prompt[len(slot.tokens) :], request.max_tokens, allowed_after(request, ()))
        self.stats.prefill_ms = (time.perf_counter() - started) * 1e3
        return logits

    def _lookahead(self, slot: Slot[KvCache], candidate: int) -> Lookahead:
        """Only the greedy answer is guessed."""
        request, engine = self._request, self._engine
        drafter = None
        if (
            candidate == 0
            and request.sampling.temperature <= 0
            and min(request.max_tokens - 1, engine.max_draft_tokens) > 0
        ):
            drafter = Drafter(request.prompt, request.drafts, engine.experience, engine.max_draft_tokens)
        return Lookahead(
            lambda tokens, num_logits: self._run(slot, tokens, num_logits),
            slot.tokens,
            self.stats,
            drafter,
            engine.experience,
        )

    def _run(self, slot: Slot[KvCache], tokens: Sequence[int], num_logits: int) -> Logits:
        """Run ``tokens`` behind the slot's own; logits ``[num_logits, vocabulary]`` of the last of them."""
        return self._engine.run_in(slot, self._lora, tokens, num_logits, self._asked)

    def _check_cancelled(self) -> None:
        if self._cancel is not None and self._cancel.cancelled:
            raise EngineCancelled("The request was cancelled.")
