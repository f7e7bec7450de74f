"""An engine on another machine: ``base.Engine`` over an OpenAI-compatible endpoint.

Tokens are pieces of text here (``pieces.py``). What the endpoint sends is held to what the request demands: it has to
begin with the typed half of a word, and ends where a control token is written out or the caller has enough; then the
connection is closed, which ends the work over there.

The typed half of a word is left to the model first, as everywhere (token healing). Where it begins with something else,
it is asked once more with the half word as a part of the prompt.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from typing import Any

from fimble.engine.base import (
    Adapter,
    CancelToken,
    EngineInfo,
    Finish,
    GenerateRequest,
    GenerationStats,
    Sampling,
    Token,
)
from fimble.engine.remote.answer import Answer
from fimble.engine.remote.heard import Heard
from fimble.engine.remote.line import Line
from fimble.engine.remote.pieces import Pieces, TextConstraint
from fimble.engine.remote.question import Dialect, Question
from fimble.engine.remote.wire import Said
from fimble.errors import AdapterInvalid, EndpointError, EngineCancelled, EngineError, PromptTooLong

OTHERS = Sampling(temperature=0.8, top_p=0.95)
"""How candidates after a greedy one are drawn."""
MAX_STOPS = 4
"""As many as OpenAI takes; the rest is looked for here."""


class RemoteEngine:
    """One session's way to an endpoint. Nothing is asked of it that nobody waits for."""

    def __init__(self, line: Line, dialect: Dialect, context_length: int) -> None:
        self.line = line
        self._dialect, self._context_length, self._pieces = dialect, context_length, Pieces()

    @property
    def info(self) -> EngineInfo:
        """The endpoint's model, as far as it is known, and in the place of the provider its host."""
        about = self.line.about
        length = min(self._context_length, about.context_length or self._context_length)
        return EngineInfo(short_name(about.model), self.line.address.host, length, 1 << 60, is_remote=True)

    def use(self, adapter: Adapter | None) -> None:
        """Raises ``AdapterInvalid``: what was trained here is not there."""
        if adapter is not None:
            raise AdapterInvalid("An endpoint cannot be given what was trained on this machine.")

    def generate(self, request: GenerateRequest, cancel: CancelToken | None = None) -> RemoteGeneration:
        """See ``base.Engine``; raises ``EndpointError`` while iterating."""
        if not request.prompt or len(request.prompt) + request.max_tokens > self.info.context_length:
            raise PromptTooLong(
                f"The prompt takes {len(request.prompt)} of {self.info.context_length} tokens.",
                "Set context_length higher, if the endpoint's model takes more.",
            )
        return RemoteGeneration(self, request, cancel)

    def logprobs(
        self, prompt: Sequence[int], answer: Sequence[int], sequence: str = "", cancel: CancelToken | None = None
    ) -> list[float]:
        """Raises ``EngineError``: endpoints do not weigh a given text."""
        raise EngineError("An endpoint does not weigh a given text.")

    def num_cached_tokens(self, prompt: Sequence[int]) -> int:
        """All: what an endpoint has to read is not read here."""
        return len(prompt)

    def forget(self) -> None:
        """There is nothing to forget."""

    def close(self) -> None:
        self.line.close()

    def ask(self, request: GenerateRequest, candidate: int, begin: str) -> tuple[Answer, Question]:
        """Ask for a candidate. Raises ``EndpointError``.

        ``begin``: all that is required of the answer, as a part of the prompt; empty where the model has to write it.
        """
        about = self.line.about
        question = self._dialect.question((*request.prompt, *self._pieces.encode(begin)), about.model)
        is_chat = question.path != "completions"
        required = "" if begin else required_of(request)
        body: dict[str, Any] = {
            **question.fields,
            "max_tokens": request.max_tokens + len(self._pieces.encode(required)),
            "stream": True,
            "logprobs": True if is_chat else 1,
            **_sampling(request, candidate),
        }
        if about.model:
            body["model"] = about.model
        if question.stops:
            body["stop"] = list(question.stops[:MAX_STOPS])
        if required and about.owner == "llamacpp":
            body["grammar"] = f"root ::= {json.dumps(required, ensure_ascii=False)} [^\\x00]*"
        return self.line.ask(question.path, body), question


class RemoteGeneration:
    """An answer on its way, or several."""

    def __init__(self, engine: RemoteEngine, request: GenerateRequest, cancel: CancelToken | None) -> None:
        num_prompt = len(request.prompt)
        self.stats = GenerationStats(num_prompt_tokens=num_prompt)
        if request.max_tokens == 0:
            self.stats.num_reused_tokens = num_prompt
        self._engine, self._request, self._cancel = engine, request, cancel
        self._pieces, self._required = Pieces(), required_of(request)
        self._answers: list[Answer] = []

    def __iter__(self) -> Iterator[Token]:
        """All candidates are asked for at once, and given one after the other."""
        if self._cancel is not None and self._cancel.cancelled:
            raise EngineCancelled("The request was cancelled.")
        if self._request.max_tokens == 0:
            return
        forget = self._cancel.on_cancel(self._give_up) if self._cancel is not None else _nothing
        started_s = time.perf_counter()
        try:
            asked = [self._ask(number, "") for number in range(self._request.num_candidates)]
            for candidate, heard in enumerate(asked):
                for token in self._candidate(candidate, heard):
                    if not self.stats.num_generated_tokens:
                        self.stats.prefill_ms = (time.perf_counter() - started_s) * 1e3
                    self.stats.num_generated_tokens += 1
                    yield token
        finally:
            self.stats.decode_ms = (time.perf_counter() - started_s) * 1e3 - self.stats.prefill_ms
            forget()
            for answer in self._answers:
                answer.close()

    def _give_up(self) -> None:
        for answer in list(self._answers):
            answer.cancel()

    def _ask(self, candidate: int, begin: str) -> Heard:
        answer, question = self._engine.ask(self._request, candidate, begin)
        self._answers.append(answer)
        if self._cancel is not None and self._cancel.cancelled:
            answer.cancel()
        return Heard(answer, question.stops, question.begun)

    def _candidate(self, candidate: int, heard: Heard) -> Iterator[Token]:
        """One candidate's tokens; its end is noted in ``stats``."""
        begin = ""
        if self._required and not heard.begins_with(self._required):
            heard.close()
            begin, heard = self._required, self._ask(candidate, self._required)
        try:
            self.stats.finishes[candidate] = yield from self._tokens(candidate, heard, begin)
        except EndpointError:
            if candidate == 0:
                raise
            self.stats.finishes[candidate] = Finish.LENGTH
        finally:
            heard.close()

    def _tokens(self, candidate: int, heard: Heard, begin: str) -> Generator[Token, None, Finish]:
        request, given, num_written = self._request, list[int](), 0
        banned = request.constraint.banned if isinstance(request.constraint, TextConstraint) else frozenset()
        for said in chain([Said(begin, 0.0)], heard):
            is_typed = num_written + len(said.text) <= len(self._required)
            is_first = num_written == len(self._required)
            num_written += len(said.text)
            for place, piece in enumerate(self._pieces.encode(said.text)):
                if is_first and place == 0 and piece in banned:
                    return Finish.STOP_TOKEN
                given.append(piece)
                yield Token(candidate, piece, 0.0 if is_typed or place else said.logprob)
                if request.stop is not None and request.stop(given):
                    return Finish.STOP_PREDICATE
                if len(given) == request.max_tokens:
                    return Finish.LENGTH
        return Finish.LENGTH if heard.is_cut else Finish.STOP_TOKEN


def short_name(model: str) -> str:
    """A model's name for people; llama-server names it by its file."""
    return model.replace("\\", "/").rpartition("/")[2].removesuffix(".gguf") or "a model"


def required_of(request: GenerateRequest) -> str:
    """The text that the answer has to begin with."""
    constraint = request.constraint
    return constraint.required.decode("utf-8", "replace") if isinstance(constraint, TextConstraint) else ""


def _sampling(request: GenerateRequest, candidate: int) -> dict[str, Any]:
    """The greedy one first, unless chance is wanted; another one than what is banned is found by chance."""
    sampling, constraint = request.sampling, request.constraint
    is_other = isinstance(constraint, TextConstraint) and bool(constraint.banned)
    if sampling.temperature == 0:
        if not candidate and not is_other:
            return {"temperature": 0.0}
        sampling = OTHERS
    seed = request.sampling.seed + candidate
    return {"temperature": sampling.temperature, "top_p": sampling.top_p, "seed": seed}


def _nothing() -> None:
    """Nobody can cancel it."""
