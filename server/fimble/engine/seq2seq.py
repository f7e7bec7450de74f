"""An engine on an encoder-decoder; keeps ``base.Engine``'s promises.

A prompt is one token sequence here too: up to the end mark it is read by the encoder, what follows is what the
decoder has written so far (``t5-sentinels`` in ``prompt/templates.py``). A source is encoded once, and what was
written after it is kept, so that a keystroke costs its own tokens, as with a decoder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from fimble.engine.base import Adapter, CancelToken, EngineInfo, GenerateRequest, GenerationStats, Token, Urgency
from fimble.engine.decode import Lookahead, allowed_after, decode
from fimble.engine.kv import count_shared
from fimble.engine.memory import Holding, KvMemory
from fimble.engine.runner import Asked, AtOnce, Runner
from fimble.engine.sampler import Logits, log_softmax
from fimble.engine.seq2seq_session import Encoded, Kept, Seq2SeqSession
from fimble.engine.speculate import Experience
from fimble.engine.tokenizer import Tokenizer
from fimble.errors import AdapterInvalid, EngineCancelled, ModelFolderInvalid, PromptTooLong

T = TypeVar("T")

_MAX_STEPS = 8
"""More tokens than this are run at once, all that was written before them again."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The control tokens of such a model."""

    start: int
    """What the decoder begins with."""
    end: int
    """Ends a source, and an answer."""
    hole: int
    """Stands for what is missing in the source, and begins the answer."""

    def split(self, prompt: Sequence[int]) -> tuple[tuple[int, ...], list[int]]:
        """What the encoder reads, and what the decoder is given as written.

        A prompt without an end mark is text with nothing behind it.
        """
        if self.end not in prompt:
            return (*prompt, self.hole, self.end), [self.start, self.hole]
        place = len(prompt) - list(reversed(prompt)).index(self.end)
        return tuple(prompt[:place]), [self.start, *prompt[place:]]


def marks_of(tokenizer: Tokenizer) -> Marks:
    """The marks in a vocabulary. Raises ``ModelFolderInvalid`` where one is missing."""
    found = [tokenizer.token_id(token) for token in ("<pad>", "</s>", "<extra_id_0>")]
    known = [mark for mark in found if mark is not None]
    if len(known) < len(found):
        raise ModelFolderInvalid("The model's vocabulary lacks the marks of an encoder-decoder.", "Train it again.")
    return Marks(*known)


@dataclass(slots=True, eq=False)
class Reading:
    """A source that was read, and what has been written after it."""

    source: tuple[int, ...]
    encoded: Encoded
    holding: Holding
    """What it takes of the memory for all."""
    read: Kept = field(default_factory=dict)
    written: Kept = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    """Whose keys and values ``written`` holds, the start token first."""

    @property
    def num_tokens(self) -> int:
        return len(self.source) + len(self.tokens)


class Seq2SeqEngine:
    """Serves one encoder-decoder on the CPU."""

    def __init__(
        self,
        folder: Path | Seq2SeqSession,
        model: str,
        marks: Marks,
        *,
        num_threads: int = 0,
        context_length: int = 4096,
        kv_cache_mb: int = 256,
        memory: KvMemory | None = None,
        runner: Runner | None = None,
    ) -> None:
        """Load the graphs in ``folder``, or share those that are loaded; errors as in ``Seq2SeqSession``.

        ``memory``: for what this and other engines keep, in place of ``kv_cache_mb``. ``runner``: who does the runs of
        this and other engines.
        """
        self.session = Seq2SeqSession(folder, num_threads) if isinstance(folder, Path) else folder
        self.runner = runner or AtOnce()
        self.info = EngineInfo(model, "cpu", context_length, self.session.vocabulary_size)
        self.marks = marks
        self.experience = Experience()
        self._memory = memory or KvMemory(max(context_length * self.session.bytes_per_token, kv_cache_mb * 2**20))
        self._readings: list[Reading] = []
        self._in_use: Reading | None = None

    def use(self, adapter: Adapter | None) -> None:
        """See ``base.Engine``. There are none for an encoder-decoder: all but ``None`` raise ``AdapterInvalid``."""
        if adapter is not None:
            raise AdapterInvalid(f"{self.info.model} is an encoder-decoder, which takes no adapter.")

    def generate(self, request: GenerateRequest, cancel: CancelToken | None = None) -> Seq2SeqGeneration:
        """See ``base.Engine``."""
        self._check_length(len(request.prompt), request.max_tokens)
        return Seq2SeqGeneration(self, request, cancel)

    def logprobs(
        self, prompt: Sequence[int], answer: Sequence[int], sequence: str = "", cancel: CancelToken | None = None
    ) -> list[float]:
        """See ``base.Engine``."""
        self._check_length(len(prompt), len(answer))
        source, begun = self.marks.split(prompt)
        asked = Asked(Urgency.AWAITED, cancel)
        try:
            reading, written = self.reading_of(source, asked), [*begun, *answer[:-1]]
            logits, _, _ = self.run(
                lambda stop: self.session.begin(reading.encoded, written, stop), len(written), asked
            )
        finally:
            self.release()
        rows = log_softmax(logits[-len(answer) :])
        return [float(row[token]) for row, token in zip(rows, answer, strict=True)]

    def num_cached_tokens(self, prompt: Sequence[int]) -> int:
        """See ``base.Engine``."""
        source, begun = self.marks.split(prompt)
        with self._memory.lock:
            known = self._known(source)
            if known is None:
                return 0
            return min(len(source) + count_shared(known.tokens[1:], begun[1:]), len(prompt) - 1)

    def forget(self) -> None:
        """Drop all that was read; answers stay the same."""
        with self._memory.lock:
            self.release()
            for reading in self._readings:
                self._memory.remove(reading.holding)
            self._readings.clear()

    def close(self) -> None:
        """See ``base.Engine``."""
        self.forget()
        del self.session

    def reading_of(self, source: tuple[int, ...], asked: Asked) -> Reading:
        """The source, read now if it was not before; in use until ``release``. Raises ``EngineCancelled``."""
        with self._memory.lock:
            self.release()
            found = self._known(source)
            if found is not None:
                self._use(found)
                return found
        encoded = self.run(lambda stop: self.session.encode(source, stop), len(source), asked)
        with self._memory.lock:
            read = Reading(source, encoded, Holding(0, lambda: self._readings.remove(read), self.session))
            self._readings.append(read)
            self._memory.add(read.holding)
            self._use(read)
            return read

    def run(self, do: Callable[[CancelToken | None], T], num_tokens: int, asked: Asked) -> T:
        """One run of a graph, when the runner says so."""
        return self.runner.run(asked.run(do, num_tokens))

    def release(self) -> None:
        """The reading in use, if any, is so no more: it may go when memory is short."""
        with self._memory.lock:
            if self._in_use is not None:
                self._measure(self._in_use)
                self._in_use.holding.in_use = False
                self._in_use = None

    def _use(self, reading: Reading) -> None:
        reading.holding.in_use, self._in_use = True, reading
        self._memory.use(reading.holding)
        self._measure(reading)

    def _measure(self, reading: Reading) -> None:
        reading.holding.num_bytes = reading.num_tokens * self.session.bytes_per_token
        self._memory.shrink(but=reading.holding)

    def _known(self, source: tuple[int, ...]) -> Reading | None:
        return next((reading for reading in self._readings if reading.source == source), None)

    def _check_length(self, num_prompt_tokens: int, num_new_tokens: int) -> None:
        if not num_prompt_tokens or num_prompt_tokens + num_new_tokens > self.info.context_length:
            raise PromptTooLong(
                f"{num_prompt_tokens} prompt tokens and {num_new_tokens} new ones do not fit"
                f" a context of {self.info.context_length}.",
                "Lower prompt_tokens or max_block_tokens, or raise context_length.",
            )


class Seq2SeqGeneration:
    """One running answer."""

    def __init__(self, engine: Seq2SeqEngine, request: GenerateRequest, cancel: CancelToken | None) -> None:
        self.stats = GenerationStats(num_prompt_tokens=len(request.prompt))
        self._engine, self._request, self._cancel = engine, request, cancel
        self._asked = Asked(request.urgency, cancel)

    def __iter__(self) -> Iterator[Token]:
        try:
            yield from self._tokens()
        finally:
            self._engine.release()

    def _tokens(self) -> Iterator[Token]:
        request, engine = self._request, self._engine
        self._check_cancelled()
        self.stats.num_reused_tokens = engine.num_cached_tokens(request.prompt)
        started = time.perf_counter()
        source, begun = engine.marks.split(request.prompt)
        reading = engine.reading_of(source, self._asked)
        if request.max_tokens == 0:
            if reading.tokens[: len(begun)] != begun:
                self._run(reading, begun, 0)
            self.stats.prefill_ms = (time.perf_counter() - started) * 1e3
            return
        logits: Logits | None = None
        for candidate in range(request.num_candidates):
            lookahead = self._lookahead(reading, begun[:-1] if logits is None else list(begun))
            if logits is None:
                logits = lookahead.after(begun[-1:], request.max_tokens, allowed_after(request, ()))
                self.stats.prefill_ms = (time.perf_counter() - started) * 1e3
            for token in decode(request, candidate, logits, lookahead, self.stats):
                self._check_cancelled()
                yield token

    def _lookahead(self, reading: Reading, kept: list[int]) -> Lookahead:
        """What comes after ``kept``. Nothing is guessed: the decoder's graph takes one token after another."""

        def run(tokens: Sequence[int], num_logits: int) -> Logits:
            return self._run(reading, [*kept, *tokens], num_logits)

        return Lookahead(run, kept, self.stats, None, self._engine.experience)

    def _run(self, reading: Reading, tokens: list[int], num_logits: int) -> Logits:
        """Bring ``reading`` to ``tokens``; logits ``[num_logits, vocabulary]`` of the last of them."""
        engine, session, asked = self._engine, self._engine.session, self._asked
        num_kept = count_shared(reading.tokens, tokens[:-1])
        if not 0 < len(tokens) - num_kept <= _MAX_STEPS or not num_kept:
            logits, reading.read, reading.written = engine.run(
                lambda stop: session.begin(reading.encoded, tokens, stop), len(tokens), asked
            )
        else:
            written = {name: value[:, :, :num_kept] for name, value in reading.written.items()}
            for token in tokens[num_kept:]:
                logits, written = engine.run(
                    partial(session.advance, len(reading.source), token, reading.read, written), 1, asked
                )
            reading.written = written
        reading.tokens = list(tokens)
        last: Logits = logits[len(logits) - num_logits :]
        return last

    def _check_cancelled(self) -> None:
        if self._cancel is not None and self._cancel.cancelled:
            raise EngineCancelled("The request was cancelled.")
