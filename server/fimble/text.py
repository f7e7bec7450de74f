"""The values that travel between rooms: frozen, and ignorant of LSP.

Offsets count Unicode code points, as Python strings do; ``lsp/convert.py`` is
the only place that knows other units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of one document."""

    uri: str
    language: str
    """The editor's language id (``python``, ``typescript`` …), or the empty string."""
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a snapshot: ``offset`` code points from its start, ``0 <= offset <= len(text)``."""

    snapshot: Snapshot
    offset: int

    @property
    def prefix(self) -> str:
        return self.snapshot.text[: self.offset]

    @property
    def suffix(self) -> str:
        return self.snapshot.text[self.offset :]

    @property
    def line_prefix(self) -> str:
        """What stands on the cursor's line before the cursor."""
        text = self.snapshot.text
        return text[text.rfind("\n", 0, self.offset) + 1 : self.offset]

    @property
    def line_suffix(self) -> str:
        """What stands on the cursor's line after the cursor, without the line end."""
        text = self.snapshot.text
        end = text.find("\n", self.offset)
        return text[self.offset : end if end != -1 else len(text)].removesuffix("\r")


class Reason(Enum):
    """Why there is no suggestion; the value is what a person reads."""

    MODEL_LOADING = "the model is still loading"
    MODEL_UNAVAILABLE = "no model is loaded"
    NOT_OPEN = "the document is not open"
    TOO_LARGE = "the document is too large"
    OUTSIDE = "the position is outside the document"
    CANCELLED = "the request was cancelled"
    SUPERSEDED = "a newer request took its place"
    STALE = "the document changed before the answer was ready"
    EMPTY = "the model had nothing to add"
    REPEATS_SUFFIX = "the answer only repeats what follows the cursor"
    OUT_OF_SCOPE = "the answer belongs outside the line or block at the cursor"
    TOO_LONG = "the answer did not end in time"
    REPEATS_PREFIX = "the answer repeats what stands before the cursor"
    LOOPS = "the answer repeats itself"
    PRIVATE = "the file is one that fimble never reads"
    SWITCHED_OFF = "suggestions are switched off"
    LANGUAGE_OFF = "suggestions are switched off for this language"
    IN_COMMENT = "suggestions in comments are turned off"
    MID_LINE = "code follows the cursor on its line"
    BREAKS_SYNTAX = "the answer would break the syntax"
    UNKNOWN_NAME = "the answer uses a name that exists nowhere"
    NOT_CONFIDENT = "the model is not sure enough"
    FAILED = "the engine failed"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of text from elsewhere, shown to the model before the file itself."""

    path: str
    """Where it comes from, as the model reads it: relative to the workspace, with ``/``."""
    text: str
    why: str = field(default="", compare=False)
    """Why it is shown, for a person."""
    is_named: bool = field(default=False, compare=False)
    """Whether the text at the cursor names it: an answer without it is the worse for it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text to insert at the cursor."""

    text: str
    mean_logprob: float
    """Mean natural-log probability of its tokens, at most 0."""
    confidence: float = 1.0
    """Calibrated probability, 0 to 1, that its first line is what the person wants."""
    line_logprobs: tuple[float, ...] = ()
    """Natural-log probabilities of the first line's tokens, on which the confidence rests."""


class Source(Enum):
    """Where an answer came from; the value is what a person reads."""

    MODEL = "the model"
    CACHE = "an earlier answer"
    JOINED = "an answer in flight"


@dataclass(frozen=True, slots=True)
class Consulted:
    """A piece of text from elsewhere that shaped an answer, without the text."""

    path: str
    why: str
    """For a person: ``definition of Client``, ``similar lines`` …"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one request came to: suggestions (the best first), or the one reason for none."""

    suggestions: tuple[Suggestion, ...] = ()
    reason: Reason | None = None
    detail: str = ""
    """More on the reason, for the log."""
    latency_ms: float = 0.0
    num_prompt_tokens: int = 0
    num_reused_tokens: int = 0
    num_generated_tokens: int = 0
    source: Source = Source.MODEL
    consulted: tuple[Consulted, ...] = ()
    """What the model was shown beside the file itself, in its order."""
    adapter: str = ""
    """The fingerprint of the adapter that the model answered with; empty for none."""


_AUTO_CLOSED = tuple(")]}>\"'`")
_MAX_AUTO_CLOSED = 4


def closers_before(after: str, is_rest: bool, text: str, offset: int) -> int | None:
    """How many closers stand at ``offset`` before ``after`` does; ``None`` when ``after`` does not follow them.

    An editor that closes brackets and quotes by itself changes the text behind the cursor
    although nobody edited it. ``is_rest``: ``after`` has to be all that is left of the text.
    """
    for count in range(_MAX_AUTO_CLOSED + 1):
        begin = offset + count
        if text.startswith(after, begin) and not (is_rest and begin + len(after) < len(text)):
            return count
        if text[begin : begin + 1] not in _AUTO_CLOSED:
            return None
    return None
