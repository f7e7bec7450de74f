"""The engine's contract: token ids in, token ids with log-probabilities out.

An engine knows neither editors nor source code. ``onnx.OnnxEngine`` is the real
one, ``fake.ScriptedEngine`` the one for tests; both keep these promises:

* ``generate`` does its work on the calling thread, step by step, as the caller iterates;
* the first candidate's tokens arrive before the second candidate starts;
* cancelling makes the iteration raise ``EngineCancelled`` soon (well under 150 ms) and
  keeps in the cache whatever was prefilled in whole chunks;
* an engine serves one generation at a time; the caller sees to that;
* a generation runs from its beginning to its end with the adapter in use when it was asked for, and
  nothing that was computed with one adapter is ever used with another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt


class Urgency(IntEnum):
    """Who waits for an answer, where several sessions share a model. The most urgent first."""

    KEYSTROKE = 0
    """Somebody types, and the next key comes soon."""
    AWAITED = 1
    """A person asked for it and waits, such as an action."""
    IDLE = 2
    """Nobody waits yet."""


class CancelToken:
    """Set once, from any thread; callbacks run on the thread that cancels."""

    is_awaited = True
    """Whether anybody waits for what it may cancel. Where nobody does, the work goes on as ``Urgency.IDLE``; any
    thread may say so."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """Cancel; doing so twice changes nothing."""
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Run ``callback`` at cancellation, or now if that has happened. Returns a remover."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return lambda: self._remove(callback)
        callback()
        return lambda: None

    def _remove(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)


class Finish(Enum):
    """Why a candidate ended."""

    STOP_TOKEN = "stop token"
    STOP_PREDICATE = "stop predicate"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose the next token."""

    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 1.0
    """Keep the smallest set of tokens whose probability reaches this, in (0, 1]."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature must be at least 0, and top_p in (0, 1]")


class Constraint(Protocol):
    """What an answer has to begin with (``healing.BeginsWith``)."""

    def allowed(self, answer: Sequence[int]) -> npt.NDArray[np.int64] | None:
        """The tokens that may follow ``answer``, ascending and never none of them; ``None`` for any."""
        ...


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One prompt and how to continue it."""

    prompt: tuple[int, ...]
    max_tokens: int
    """0 only prefills: the next request that continues the prompt finds it in the cache."""
    stop_tokens: frozenset[int] = frozenset()
    """Ending tokens; they are not part of the answer."""
    stop: Callable[[Sequence[int]], bool] | None = None
    """Asked after every token with the candidate's tokens so far; true ends the candidate."""
    sampling: Sampling = Sampling()
    num_candidates: int = 1
    """Candidates share one prefill. The first is always greedy when ``temperature`` is 0."""
    sequence: str = ""
    """What the prompt continues, such as a document: requests of one sequence take over each other's cache."""
    constraint: Constraint | None = None
    drafts: tuple[tuple[int, ...], ...] = ()
    """Token sequences that the answer may repeat, best first, such as a suggestion that was typed over. The
    prompt itself need not be named. They change how fast tokens come, never which."""
    prefill_chunk_tokens: int = 128
    """What one prefill run takes. Whole chunks survive a cancellation; work in idle time takes smaller ones."""
    urgency: Urgency = Urgency.AWAITED
    """Who waits for the answer. It changes when an answer comes, never which."""

    def __post_init__(self) -> None:
        if self.max_tokens < 0 or self.num_candidates < 1 or self.prefill_chunk_tokens < 1:
            raise ValueError("max_tokens must be at least 0, num_candidates and prefill_chunk_tokens at least 1")


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token."""

    candidate: int
    id: int
    logprob: float
    """Natural log of the model's probability (temperature 1) among the allowed tokens, at most 0."""


@dataclass(slots=True)
class GenerationStats:
    """Filled in while a generation runs."""

    num_prompt_tokens: int = 0
    num_reused_tokens: int = 0
    num_generated_tokens: int = 0
    num_drafted_tokens: int = 0
    num_accepted_draft_tokens: int = 0
    prefill_ms: float = 0.0
    decode_ms: float = 0.0
    finishes: dict[int, Finish] = field(default_factory=dict)
    """Candidate -> why it ended."""


class Generation(Protocol):
    """A running answer: iterate it for tokens, read ``stats`` at any time."""

    stats: GenerationStats

    def __iter__(self) -> Iterator[Token]: ...


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a person may want to know of a loaded engine."""

    model: str
    provider: str
    """``cpu`` or ``cuda``; of an engine that is remote, its host."""
    context_length: int
    vocabulary_size: int
    is_remote: bool = False
    """Whether another machine runs the model. Nothing is asked of it that nobody waits for; it weighs no given text."""


class Adapter(Protocol):
    """What was trained on top of a model (``weights.adapter.Adapter``)."""

    @property
    def fingerprint(self) -> str:
        """Not empty; the same only where everything is."""
        ...

    def inputs_for(self, folder: Path) -> Mapping[str, npt.NDArray[np.float32]]:
        """The inputs that the graph in ``folder`` takes of it, by name.

        Asked only where the engine does not hold them. Raises ``AdapterInvalid``.
        """
        ...


class Engine(Protocol):
    """Continues token sequences."""

    @property
    def info(self) -> EngineInfo: ...

    def use(self, adapter: Adapter | None) -> None:
        """Run with ``adapter`` from now on; ``None`` for the model as it is.

        Costs next to nothing where it is the adapter that was used last. Raises ``AdapterInvalid`` for one that does
        not belong to the model; what was in use stays.
        """
        ...

    def generate(self, request: GenerateRequest, cancel: CancelToken | None = None) -> Generation:
        """Start to continue ``request.prompt``.

        Raises ``PromptTooLong`` at once, ``EngineCancelled`` while iterating.
        """
        ...

    def logprobs(
        self, prompt: Sequence[int], answer: Sequence[int], sequence: str = "", cancel: CancelToken | None = None
    ) -> list[float]:
        """Natural log of the model's probability of each token of ``answer`` after ``prompt`` and those before it.

        Neither may be empty. ``sequence`` as in ``GenerateRequest``; its urgency is ``AWAITED``. Raises
        ``PromptTooLong``; ``EngineCancelled``.
        """
        ...

    def num_cached_tokens(self, prompt: Sequence[int]) -> int:
        """How many of ``prompt``'s first tokens some slot holds, and need not be prefilled."""
        ...

    def close(self) -> None:
        """Free the weights and caches; the engine cannot be used afterwards."""
        ...
