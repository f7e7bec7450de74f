"""An engine on an encoder-decoder; keeps ``base.Engine``'s promises.

A prompt is one token sequence here too: up to the end mark it is read by the encoder, what follows is what the
decoder has written so far (``t5-sentinels`` in ``prompt/templates.py``). A source is encoded once, and what was
written after it is kept, so that a keystroke costs its own tokens, as with a decoder.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fimble.engine.base import Adapter, CancelToken, EngineInfo, GenerateRequest, GenerationStats, Token
from fimble.engine.decode import Lookahead, allowed_after, decode
from fimble.engine.kv import count_shared
from fimble.engine.sampler import Logits, log_softmax
from fimble.engine.seq2seq_session import Encoded, Kept, Seq2SeqSession
from fimble.engine.speculate import Experience
from fimble.engine.tokenizer import Tokenizer
from fimble.errors import AdapterInvalid, EngineCancelled, ModelFolderInvalid, PromptTooLong

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
        folder: Path,
        model: str,
        marks: Marks,
        *,
        num_threads: int = 0,
        context_length: int = 4096,
        kv_cache_mb: int = 256,
    ) -> None:
        """Load the graphs in ``folder``; errors as in ``Seq2SeqSession``."""
        self.session = Seq2SeqSession(folder, num_threads)
        self.info = EngineInfo(model, "cpu", context_length, self.session.vocabulary_size)
        self.marks = marks
        self.experience = Experience()
        self._max_tokens = max(context_length, kv_cache_mb * 2**20 // self.session.bytes_per_token)
        self._readings: list[Reading] = []
        """The last used one last."""

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
        reading = self.reading_of(source, cancel)
        logits, _, _ = self.session.begin(reading.encoded, [*begun, *answer[:-1]], cancel)
        rows = log_softmax(logits[-len(answer) :])
        return [float(row[token]) for row, token in zip(rows, answer, strict=True)]

    def num_cached_tokens(self, prompt: Sequence[int]) -> int:
        """See ``base.Engine``."""
        source, begun = self.marks.split(prompt)
        known = next((reading for reading in self._readings if reading.source == source), None)
        return 0 if known is None else min(len(source) + count_shared(known.tokens[1:], begun[1:]), len(prompt) - 1)

    def forget(self) -> None:
        """Drop all that was read; answers stay the same."""
        self._readings.clear()

    def close(self) -> None:
        """See ``base.Engine``."""
        self.forget()
        del self.session

    def reading_of(self, source: tuple[int, ...], cancel: CancelToken | None) -> Reading:
        """The source, read now if it was not before. Raises ``EngineCancelled``."""
        found = next((reading for reading in self._readings if reading.source == source), None)
        if found is None:
            found = Reading(source, self.session.encode(source, cancel))
        else:
            self._readings.remove(found)
        self._readings.append(found)
        while len(self._readings) > 1 and sum(one.num_tokens for one in self._readings) > self._max_tokens:
            del self._readings[0]
        return found

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

    def __iter__(self) -> Iterator[Token]:
        request, engine = self._request, self._engine
        self._check_cancelled()
        self.stats.num_reused_tokens = engine.num_cached_tokens(request.prompt)
        started = time.perf_counter()
        source, begun = engine.marks.split(request.prompt)
        reading = engine.reading_of(source, self._cancel)
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
        session, cancel = self._engine.session, self._cancel
        num_kept = count_shared(reading.tokens, tokens[:-1])
        if not 0 < len(tokens) - num_kept <= _MAX_STEPS or not num_kept:
            logits, reading.read, reading.written = session.begin(reading.encoded, tokens, cancel)
        else:
            written = {name: value[:, :, :num_kept] for name, value in reading.written.items()}
            for token in tokens[num_kept:]:
                logits, written = session.advance(len(reading.source), token, reading.read, written, cancel)
            reading.written = written
        reading.tokens = list(tokens)
        last: Logits = logits[len(logits) - num_logits :]
        return last

    def _check_cancelled(self) -> None:
        if self._cancel is not None and self._cancel.cancelled:
            raise EngineCancelled("The request was cancelled.")
